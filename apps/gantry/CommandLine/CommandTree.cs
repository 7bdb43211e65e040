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
    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = Build();
        if (args is [Completer.Word, .. string[] words])
        {
            return await Completer.RunAsync(root, words);
        }

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
    public static RootCommand Build()
    {
        RootCommand root = new("gantry drives a Gantry daemon, or containerd: images, containers, and what they do.")
        {
            AdoptCommand.Create(),
            PullCommand.Create(),
            PushCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            ImageCommand.Create(),
            RegistryCommand.Create(),
            LoginCommand.Create(),
            LogoutCommand.Create(),
            RunCommand.Create(),
            CreateCommand.Create(),
            StartCommand.Create(),
            PsCommand.Create(),
            ExecCommand.Create(),
            AttachCommand.Create(),
            LogsCommand.Create(),
            TopCommand.Create(),
            StatsCommand.Create(),
            UpdateCommand.Create(),
            PauseCommand.CreatePause(),
            PauseCommand.CreateUnpause(),
            WaitCommand.Create(),
            KillCommand.Create(),
            StopCommand.Create(),
            RmCommand.Create(),
            CommitCommand.Create(),
            BundleCommand.Create(),
            ImagesCommand.Create(),
            RmiCommand.Create(),
            InspectCommand.Create(),
            EventsCommand.Create(),
            AuditCommand.Create(),
            NamespacesCommand.Create(),
            SnapshotsCommand.Create(),
            MountsCommand.Create(),
            GcCommand.Create(),
            PluginsCommand.Create(),
            DoctorCommand.Create(),
            DfCommand.Create(),
            BackupCommand.Create(),
            VersionCommand.Create(),
            CompletionCommand.Create(),
            ManCommand.Create(),
        };
        GlobalOptions.AddTo(root);
        return root;
    }
}
