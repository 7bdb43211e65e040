using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Snapshots;

namespace Gantry.Cli.Snapshots;

/// <summary><c>gantry snapshots</c>: the snapshots of a snapshotter, as <c>ctr snapshots</c> has them.</summary>
internal static class SnapshotsCommand
{
    private static readonly Option<string> Snapshotter = GlobalOptions.Snapshotter();

    public static Command Create()
    {
        Snapshotter.Recursive = true;
        Command command = new("snapshots", "Snapshots: layers, and what is written on top of them")
        {
            List(),
            Tree(),
            Info(),
            Usage(),
            SnapshotMakers.Prepare(Of),
            SnapshotMakers.View(Of),
            SnapshotMakers.Commit(Of),
            SnapshotMakers.Mounts(Of),
            UnpackCommand.Create(Snapshotter),
            Remove(),
        };
        command.Aliases.Add("snapshot");
        command.Options.Add(Snapshotter);
        return command;
    }

    private static ISnapshotter Of(Session session, ParseResult parse) =>
        session.Scope.Snapshots(parse.GetValue(Snapshotter)!);

    private static async Task<List<SnapshotInfo>> ReadAsync(
        Session session,
        ParseResult parse,
        IReadOnlyList<string> filters)
    {
        List<SnapshotInfo> all = [];
        await foreach (SnapshotInfo info in Of(session, parse).ListAsync(filters, session.Token))
        {
            all.Add(info);
        }

        return all;
    }

    private static Command List()
    {
        Command command = new("ls", "List snapshots");
        command.Aliases.Add("list");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as kind==active",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            List<SnapshotInfo> all = await ReadAsync(session, parse, parse.GetValue(filters) ?? []);
            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(all, WriteFields);
                return ExitCodes.Success;
            }

            Table table = new("KEY", "PARENT", "KIND");
            foreach (SnapshotInfo info in all)
            {
                table.Add(info.Name, info.Parent, info.Kind.ToString());
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Tree()
    {
        Command command = new("tree", "Show what lies on what");
        command.SetAction(Session.Action(async (session, parse) =>
        {
            List<SnapshotInfo> all = await ReadAsync(session, parse, []);
            HashSet<string> known = [.. all.Select(info => info.Name)];
            ILookup<string, string> children = all.ToLookup(
                info => known.Contains(info.Parent) ? info.Parent : "", info => info.Name, StringComparer.Ordinal);
            Stack<(string Name, int Depth)> pending = new(children[""].Reverse().Select(name => (name, 0)));
            while (pending.TryPop(out (string Name, int Depth) next))
            {
                string indent = next.Depth == 0 ? "" : $"{new string(' ', (next.Depth * 2) - 1)}\\_ ";
                await StandardStreams.Out.WriteLineAsync($"{indent}{next.Name}");
                foreach (string child in children[next.Name].Reverse())
                {
                    pending.Push((child, next.Depth + 1));
                }
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Info()
    {
        Command command = new("info", "Show a snapshot");
        Argument<string> key = new("key") { Description = "Its key or name" };
        command.Add(key);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            SnapshotInfo info = await Of(session, parse).StatAsync(parse.GetValue(key)!, session.Token);
            Json.WriteValue(json =>
            {
                json.WriteStartObject();
                WriteFields(json, info);
                json.WriteEndObject();
            });
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Usage()
    {
        Command command = new("usage", "Show how much space snapshots take, without what they lie on");
        Argument<string[]> keys = new("key")
        {
            Description = "Keys or names; all when none is given",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> bytes = new("-b") { Description = "Sizes in bytes" };
        command.Add(keys);
        command.Add(bytes);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string[] wanted = parse.GetValue(keys) is { Length: > 0 } given
                ? given
                : [.. (await ReadAsync(session, parse, [])).Select(info => info.Name)];
            Table table = new("KEY", "SIZE", "INODES");
            foreach (string key in wanted)
            {
                SnapshotUsage usage = await Of(session, parse).UsageAsync(key, session.Token);
                table.Add(
                    key,
                    parse.GetValue(bytes) ? Number(usage.Size) : Human.Size(usage.Size),
                    Number(usage.Inodes));
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Remove()
    {
        Command command = new("rm", "Remove snapshots");
        command.Aliases.Add("remove");
        command.Aliases.Add("delete");
        Argument<string[]> keys = new("key") { Description = "Keys or names", Arity = ArgumentArity.OneOrMore };
        command.Add(keys);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(
            parse.GetValue(keys)!, key => Of(session, parse).RemoveAsync(key, session.Token))));
        return command;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteFields(Utf8JsonWriter json, SnapshotInfo info)
    {
        json.WriteString("kind", info.Kind.ToString());
        json.WriteString("name", info.Name);
        json.WriteString("parent", info.Parent);
        json.WriteMap("labels", info.Labels);
        json.WriteString("created", Human.Time(info.CreatedAt));
        json.WriteString("updated", Human.Time(info.UpdatedAt));
    }
}
