using System.Collections.Concurrent;
using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>The labels of processors and devices, each text made once.</summary>
internal static class DeviceLabels
{
    /// <summary>More are made anew each time.</summary>
    private const int Limit = 4096;

    private static readonly ConcurrentDictionary<string, byte[]> Known = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, byte[]>.AlternateLookup<ReadOnlySpan<char>> ByText =
        Known.GetAlternateLookup<ReadOnlySpan<char>>();

    private static byte[][] _cpus = [];

    /// <summary>Of a processor.</summary>
    /// <param name="number">Its number.</param>
    public static byte[] OfCpu(int number)
    {
        byte[][] cpus = _cpus;
        if (number >= cpus.Length)
        {
            cpus = [.. Enumerable.Range(0, number + 1).Select(cpu => Encoding.UTF8.GetBytes($"cpu=\"{cpu}\""))];
            _cpus = cpus;
        }

        return cpus[number];
    }

    /// <summary>Of a device in version 2.</summary>
    /// <param name="device">Its numbers, such as <c>8:0</c>.</param>
    public static byte[] OfNumbers(ReadOnlySpan<byte> device) => Of(device, default, Numbers);

    /// <summary>Of a device and an operation in version 1.</summary>
    /// <param name="device">Its numbers, such as <c>8:0</c>.</param>
    /// <param name="operation">The operation; empty for none.</param>
    public static byte[] OfBlock(ReadOnlySpan<byte> device, ReadOnlySpan<byte> operation) => Of(device, operation, Block);

    private static byte[] Of(
        ReadOnlySpan<byte> device, ReadOnlySpan<byte> operation, Func<string, string, string> text)
    {
        Span<char> key = stackalloc char[64];
        if (device.Length + operation.Length + 1 > key.Length)
        {
            device = device[..Math.Min(device.Length, 32)];
            operation = operation[..Math.Min(operation.Length, 16)];
        }

        int length = Encoding.ASCII.GetChars(device, key);
        key[length++] = text == Block ? 'b' : 'n';
        length += Encoding.ASCII.GetChars(operation, key[length..]);
        if (ByText.TryGetValue(key[..length], out byte[]? labels))
        {
            return labels;
        }

        labels = Encoding.UTF8.GetBytes(text(Encoding.ASCII.GetString(device), Encoding.ASCII.GetString(operation)));
        if (Known.Count < Limit)
        {
            Known.TryAdd(key[..length].ToString(), labels);
        }

        return labels;
    }

    private static string Numbers(string device, string operation)
    {
        string[] numbers = device.Split(':');
        return $"major=\"{LabelText.Escape(numbers[0])}\",minor=\"{LabelText.Escape(numbers[^1])}\"";
    }

    private static string Block(string device, string operation)
    {
        string? target = new DirectoryInfo("/sys/dev/block/" + device).LinkTarget;
        string file = target is null ? "" : "/dev/" + Path.GetFileName(target);
        return $"device=\"{LabelText.Escape(file)}\",{Numbers(device, operation)},op=\"{LabelText.Escape(operation)}\"";
    }
}
