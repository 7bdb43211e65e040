using System.CommandLine;
using Gantry.Cli.Bundles;
using Gantry.Cli.Completion;
using Gantry.Cli.Containers;
using Gantry.Cli.Daemon;
using Gantry.Cli.Images;
using Gantry.Cli.Manual;
using Gantry.Cli.Mounts;
using Gantry.Cli.Output;
using Gantry.Cli.Registries;
using Gantry.Cli.Snapshots;

namespace Gantry.Cli.CommandLine;

/// <summary>All commands, and how a command line becomes one of them.</summary>
internal static class CommandTree
{
    private static readonly (string Name, Func<Command> Create)[] Commands =
    [
        ("adopt", AdoptCommand.Create),
        ("pull", PullCommand.Create),
        ("push", PushCommand.Create),
        ("import", ImportCommand.Create),
        ("export", ExportCommand.Create),
        ("image", ImageCommand.Create),
        ("registry", RegistryCommand.Create),
        ("login", LoginCommand.Create),
        ("logout", LogoutCommand.Create),
        ("run", RunCommand.Create),
        ("create", CreateCommand.Create),
        ("start", StartCommand.Create),
        ("ps", PsCommand.Create),
        ("exec", ExecCommand.Create),
        ("attach", AttachCommand.Create),
        ("logs", LogsCommand.Create),
        ("top", TopCommand.Create),
        ("stats", StatsCommand.Create),
        ("update", UpdateCommand.Create),
        ("pause", PauseCommand.CreatePause),
        ("unpause", PauseCommand.CreateUnpause),
        ("wait", WaitCommand.Create),
        ("kill", KillCommand.Create),
        ("stop", StopCommand.Create),
        ("rm", RmCommand.Create),
        ("commit", CommitCommand.Create),
        ("bundle", BundleCommand.Create),
        ("images", ImagesCommand.Create),
        ("rmi", RmiCommand.Create),
        ("inspect", InspectCommand.Create),
        ("events", EventsCommand.Create),
        ("audit", AuditCommand.Create),
        ("namespaces", NamespacesCommand.Create),
        ("snapshots", SnapshotsCommand.Create),
        ("mounts", MountsCommand.Create),
        ("gc", GcCommand.Create),
        ("plugins", PluginsCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("df", DfCommand.Create),
        ("backup", BackupCommand.Create),
        ("version", VersionCommand.Create),
        ("completion", CompletionCommand.Create),
        ("man", ManCommand.Create),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [Completer.Word, .. string[] words])
        {
            return await Completer.RunAsync(Build(), words);
        }

        RootCommand root = Build(args);
        ParseResult parse = root.Parse(
            CommandOfContainer.Separate(args, root),
            new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0)
        {
            string path = parse.CommandResult.Command == root ? "gantry" : $"gantry {parse.CommandResult.Command.Name}";
            StandardStreams.Complain($"{parse.Errors[0].Message} (see {path} --help)");
            return ExitCodes.Failure;
        }

        await using CommandTrace? trace = CommandTrace.Start($"gantry {parse.CommandResult.Command.Name}");
        int exitCode = await InvokeAsync(parse);
        trace?.End(exitCode);
        return exitCode;
    }

    private static async Task<int> InvokeAsync(ParseResult parse)
    {
        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = StandardStreams.Out,
                Error = StandardStreams.Error,
            });
        }
#pragma warning disable CA1031 // The top of the program: whatever it is becomes one line and an exit code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (Failure.Describe(e) is { } message)
            {
                StandardStreams.Complain(message);
            }

            return e is OperationCanceledException ? ExitCodes.Interrupted : ExitCodes.Failure;
        }
    }

    /// <summary>All commands.</summary>
    public static RootCommand Build() => Build([]);

    // To make all commands takes longer than most of them take: the one that is named is enough.
    private static RootCommand Build(string[] args)
    {
        RootCommand root = new("gantry drives a Gantry daemon, or containerd: images, containers, and what they do.");
        GlobalOptions.AddTo(root);
        string? word = args.ElementAtOrDefault(CommandOfContainer.NextPositional(args, 0, [.. root.Options]));
        Func<Command>? named = Commands.FirstOrDefault(command => command.Name == word).Create;
        foreach (Func<Command> create in named is null ? Commands.Select(command => command.Create) : [named])
        {
            root.Add(create());
        }

        return root;
    }
}
