using System.CommandLine;
using System.Security.Cryptography;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Output;
using Gantry.Client.Containers;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry exec</c>: runs a further process in a container.</summary>
internal static class ExecCommand
{
    public static Command Create()
    {
        Command command = new(CommandOfContainer.ExecName, "Run a command in a running container");
        Argument<string> container = new("container") { Description = "Id of the container" };
        Argument<string[]> args = new("command")
        {
            Description = "Command to run",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> execId = new("--exec-id") { Description = "Id of the process; made up if absent", HelpName = "id" };
        ProcessOptions options = new();
        Option<bool> privileged = new("--privileged") { Description = "Give it all capabilities" };
        command.Add(container);
        command.Add(args);
        options.AddTo(command);
        command.Add(privileged);
        command.Add(execId);
        command.SetAction(Session.Action((session, parse) => RunAsync(
            session,
            parse,
            options,
            parse.GetValue(privileged),
            parse.GetValue(container)!,
            parse.GetValue(execId) ?? "exec-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)),
            parse.GetValue(args)!)));
        return command;
    }

    private static async Task<int> RunAsync(
        Session session,
        ParseResult parse,
        ProcessOptions options,
        bool privileged,
        string id,
        string execId,
        string[] args)
    {
        bool detach = parse.GetValue(options.Detach);
        bool terminal = parse.GetValue(options.Tty);
        bool interactive = parse.GetValue(options.Interactive);
        if (detach && (terminal || interactive))
        {
            throw new FormatException("--detach leaves nothing to be attached to: leave out -i and -t");
        }

        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        SpecProcess process = await ProcessAsync(session, container, parse, options, args);
        if (privileged)
        {
            process = (new RuntimeSpec { Process = process }).WithCapabilities(HostSecurity.Capabilities()).Process!;
        }

        TypedBytes spec = new(RuntimeSpecJson.ProcessTypeUrl, RuntimeSpecJson.ToBytes(process));
        TaskClient tasks = session.Scope.Tasks;
        if (detach)
        {
            await tasks.ExecAsync(id, execId, spec, ProcessStreams.None, session.Token);
            await StartAsync(tasks, id, execId, () => tasks.StartAsync(id, execId, session.Token));
            StandardStreams.Out.WriteLine(execId);
            return ExitCodes.Success;
        }

        await using Attachment attachment = Attachment.Open(session, id, execId, terminal, interactive);
        await tasks.ExecAsync(id, execId, spec, attachment.Streams, session.Token);
        int status = await StartAsync(tasks, id, execId, attachment.RunAsync);
        await DeleteAsync(tasks, id, execId);
        return status;
    }

    /// <summary>The process of the container, with another command.</summary>
    private static async Task<SpecProcess> ProcessAsync(
        Session session,
        ContainerRecord container,
        ParseResult parse,
        ProcessOptions options,
        string[] args)
    {
        if (container.Spec is not { } bytes)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"container \"{container.Id}\": it has no spec");
        }

        SpecProcess process = RuntimeSpecJson.ReadSpec(bytes.Value.Span).Process
            ?? throw new GantryException(
                ErrorKind.FailedPrecondition, $"container \"{container.Id}\": its spec has no process");
        bool terminal = parse.GetValue(options.Tty);
        IReadOnlyList<string> env = process.Env ?? [];
        env = SpecBuilder.MergeEnvironment(
            terminal ? SpecBuilder.MergeEnvironment(env, ["TERM=xterm"]) : env,
            options.Environment(parse));
        return process with
        {
            Args = args,
            Env = env,
            Cwd = parse.GetValue(options.Cwd) ?? process.Cwd,
            Terminal = terminal ? true : null,
            ConsoleSize = null,
            User = await UserAsync(session, container, parse, options, process.User),
        };
    }

    private static async Task<SpecUser> UserAsync(
        Session session,
        ContainerRecord container,
        ParseResult parse,
        ProcessOptions options,
        SpecUser user)
    {
        string? name = parse.GetValue(options.User);
        string[] groups = parse.GetValue(options.Groups)!;
        if (name is null && groups.Length == 0)
        {
            return user;
        }

        UserDatabase users = container.SnapshotKey.Length == 0
            ? new UserDatabase(null, null)
            : RootfsUsers.Read(await session.Scope.Snapshots(container.Snapshotter)
                .MountsAsync(container.SnapshotKey, session.Token));
        user = name is null ? user : users.Resolve(name);
        return user with { AdditionalGids = [.. (user.AdditionalGids ?? []).Union(groups.Select(users.ResolveGroup))] };
    }

    /// <summary>Starts a process that was created; if that fails it is removed.</summary>
    private static async Task<T> StartAsync<T>(TaskClient tasks, string id, string execId, Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch
        {
            await DeleteAsync(tasks, id, execId);
            throw;
        }
    }

    private static async Task DeleteAsync(TaskClient tasks, string id, string execId)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        try
        {
            await tasks.DeleteExecAsync(id, execId, limit.Token);
        }
        catch (GantryException)
        {
            // The container itself has gone, or the process could not be ended: it goes with the container.
        }
    }
}
