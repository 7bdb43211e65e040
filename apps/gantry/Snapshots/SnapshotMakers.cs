using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;

namespace Gantry.Cli.Snapshots;

/// <summary>
/// The verbs that make snapshots, and the one that shows how to mount them. What is made here is kept until it is
/// removed: it is labelled as a root of the collector.
/// </summary>
internal static class SnapshotMakers
{
    public static Command Prepare(Func<Session, ParseResult, ISnapshotter> snapshots) => Make(
        new Command("prepare", "Make an active snapshot, to be written to"),
        (session, parse, key, parent) =>
            snapshots(session, parse).PrepareAsync(key, parent, Kept(), session.Token));

    public static Command View(Func<Session, ParseResult, ISnapshotter> snapshots) => Make(
        new Command("view", "Make a snapshot that can only be read"),
        (session, parse, key, parent) => snapshots(session, parse).ViewAsync(key, parent, Kept(), session.Token));

    public static Command Commit(Func<Session, ParseResult, ISnapshotter> snapshots)
    {
        Command command = new("commit", "Make an active snapshot a committed one, that others can lie on");
        Argument<string> name = new("name") { Description = "The name of the committed snapshot" };
        Argument<string> key = new("key") { Description = "The key of the active one" };
        command.Add(name);
        command.Add(key);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            await snapshots(session, parse).CommitAsync(
                parse.GetValue(name)!, parse.GetValue(key)!, parent: "", Kept(), session.Token);
            return ExitCodes.Success;
        }));
        return command;
    }

    public static Command Mounts(Func<Session, ParseResult, ISnapshotter> snapshots)
    {
        Command command = new("mounts", "Show the commands that mount an active snapshot or a view");
        Argument<string> target = new("target") { Description = "Where to mount it" };
        Argument<string> key = new("key") { Description = "Its key" };
        command.Add(target);
        command.Add(key);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Print(await snapshots(session, parse).MountsAsync(parse.GetValue(key)!, session.Token), parse.GetValue(target)!);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Make(
        Command command,
        Func<Session, ParseResult, string, string, Task<IReadOnlyList<Mount>>> make)
    {
        Argument<string> key = new("key") { Description = "Its key" };
        Argument<string> parent = new("parent")
        {
            Description = "The committed snapshot that it lies on",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string> target = new("--target", "-t") { Description = "Show the commands that mount it there" };
        command.Add(key);
        command.Add(parent);
        command.Add(target);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<Mount> mounts =
                await make(session, parse, parse.GetValue(key)!, parse.GetValue(parent) ?? "");
            if (parse.GetValue(target) is { } place)
            {
                Print(mounts, place);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Dictionary<string, string> Kept() =>
        new(StringComparer.Ordinal) { [WellKnownLabels.GcRoot] = Human.Time(TimeProvider.System.GetUtcNow()) };

    private static void Print(IReadOnlyList<Mount> mounts, string target)
    {
        foreach (Mount mount in mounts)
        {
            string options = mount.Options.Count == 0 ? "" : $" -o {string.Join(',', mount.Options)}";
            StandardStreams.Out.WriteLine($"mount -t {mount.Type} {mount.Source} {target}{options}");
        }
    }
}
