using Gantry.Bench;
using Gantry.Client;

if (args is not ["records" or "scale", _, _, ..] and not ["tasks", _, _, _, ..])
{
    Console.Error.WriteLine("usage: Gantry.Bench records GANTRY-SOCKET CONTAINERD-SOCKET [CONTAINERS [BLOBS [ROWS]]]");
    Console.Error.WriteLine("       Gantry.Bench scale GANTRY-SOCKET PID [BLOBS [SNAPSHOTS [CONTAINERS]]]");
    Console.Error.WriteLine("       Gantry.Bench tasks GANTRY-SOCKET CONTAINERD-SOCKET SPEC [ROUNDS]");
    return 2;
}

await using GantryClient first = new(new GantryClientOptions { SocketPath = args[1] });
int Count(int index, int fallback) =>
    args.Length > index ? int.Parse(args[index], System.Globalization.CultureInfo.InvariantCulture) : fallback;
if (args[0] == "scale")
{
    await new ScaleBench(first, args[2]).RunAsync(Count(3, 100_000), Count(4, 20_000), Count(5, 10_000));
    return 0;
}

await using GantryClient second = new(new GantryClientOptions { SocketPath = args[2] });
if (args[0] == "tasks")
{
    await new TaskBench(first, second, await File.ReadAllTextAsync(args[3])).RunAsync(Count(4, 100));
    return 0;
}

using RawCall firstRaw = new(args[1]);
using RawCall secondRaw = new(args[2]);
string rows = args.Length > 5 ? args[5] : "";
await new RecordBench(first, firstRaw, second, secondRaw, rows).RunAsync(Count(3, 10_000), Count(4, 100_000));
return 0;
