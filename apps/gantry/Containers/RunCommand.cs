using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Images;
using Gantry.Cli.Output;
using Gantry.Client.Tasks;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry run</c>: makes a container of an image and runs it.</summary>
/// <remarks>
/// 1. Find the image, or pull it; at the same time make a lease, under which the snapshot is safe until the container's
///    record refers to it.
/// 2. Prepare the snapshot on top of the image's layers.
/// 3. Look the user up in it, and make the container's record with the spec.
/// 4. Create the task, start it, and see it through; at the same time drop the lease.
/// 5. Remove the task, and with <c>--rm</c> record and snapshot as well. Whatever fails before the process runs leaves
///    nothing behind.
/// </remarks>
internal static class RunCommand
{
    private static readonly TimeSpan LeaseLifetime = TimeSpan.FromHours(1);

    public static Command Create()
    {
        Command command = new(CommandOfContainer.RunName, "Run a command in a new container");
        RunOptions options = new();
        options.AddTo(command);
        command.SetAction(Session.Action((session, parse) => RunAsync(session, parse, options)));
        return command;
    }

    private static async Task<int> RunAsync(Session session, ParseResult parse, RunOptions options)
    {
        Check(parse, options);
        string id = parse.GetValue(options.Record.Name) ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        Identifier.Validate(id);
        SpecOptions spec = options.ToSpecOptions(parse);

        // Step 1
        ILeaseStore leases = session.Scope.Leases;
        Task<Lease> leasing = leases.CreateAsync("", LeaseLabels(), session.Token);
        NewContainer container;
        try
        {
            ResolvedImage image = await ImageLookup.FindOrPullAsync(
                session,
                parse.GetValue(options.Image)!,
                options.Pull.ToRequest(parse, parse.GetValue(options.Filesystem.Snapshotter)!));

            // Steps 2 and 3
            container = await NewContainer.CreateAsync(
                session, parse, options, image, id, (await leasing).Id, spec);
        }
        catch
        {
            await DropAsync(leases, leasing);
            throw;
        }

        Task dropping = DropAsync(leases, leasing);
        try
        {
            return parse.GetValue(options.Process.Detach)
                ? await StartDetachedAsync(
                    session,
                    container,
                    parse.GetValue(options.Output.LogUri) ?? await ContainerLog.DefaultUriAsync(session, container.Id))
                : await RunAttachedAsync(session, parse, options, container);
        }
        finally
        {
            await dropping;
        }
    }

    private static void Check(ParseResult parse, RunOptions options)
    {
        bool detach = parse.GetValue(options.Process.Detach);
        if (detach && parse.GetValue(options.Remove))
        {
            throw new FormatException("--rm and --detach can't be used together");
        }

        if (detach && (parse.GetValue(options.Process.Tty) || parse.GetValue(options.Process.Interactive)))
        {
            throw new FormatException("--detach leaves nothing to be attached to: leave out -i and -t");
        }

        if (options.Restart.Labels(parse, logUri: null).Any() && !detach)
        {
            throw new FormatException("--restart needs --detach");
        }

        if (!detach && parse.GetValue(options.Output.LogUri) is not null)
        {
            throw new FormatException("--log-uri needs --detach");
        }
    }

    private static Dictionary<string, string> LeaseLabels() => new(StringComparer.Ordinal)
    {
        [WellKnownLabels.GcExpire] = (TimeProvider.System.GetUtcNow() + LeaseLifetime).UtcDateTime
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };

    private static async Task DropAsync(ILeaseStore leases, Task<Lease> leasing)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        try
        {
            await leases.DeleteAsync((await leasing).Id, synchronous: false, limit.Token);
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException)
        {
            // Either it was never made, and the caller hears of that, or it ends by itself in an hour.
        }
    }

    private static async Task<int> StartDetachedAsync(Session session, NewContainer container, string? logUri)
    {
        ProcessStreams streams = logUri is null
            ? ProcessStreams.None
            : new ProcessStreams("", logUri, logUri, Terminal: false);
        TaskClient tasks = session.Scope.Tasks;
        try
        {
            await tasks.CreateAsync(container.Id, container.Mounts, streams, cancellationToken: session.Token);
            await tasks.StartAsync(container.Id, cancellationToken: session.Token);
        }
        catch
        {
            await container.RemoveAsync(session.Scope);
            throw;
        }

        StandardStreams.Out.WriteLine(container.Id);
        return ExitCodes.Success;
    }

    private static async Task<int> RunAttachedAsync(
        Session session,
        ParseResult parse,
        RunOptions options,
        NewContainer container)
    {
        bool ended = false;
        try
        {
            // Step 4
            await using Attachment attachment = Attachment.Open(
                session,
                container.Id,
                execId: "",
                parse.GetValue(options.Process.Tty),
                parse.GetValue(options.Process.Interactive));
            await session.Scope.Tasks.CreateAsync(
                container.Id, container.Mounts, attachment.Streams, cancellationToken: session.Token);
            int status = await attachment.RunAsync();
            ended = true;

            // Step 5
            if (parse.GetValue(options.Remove))
            {
                await container.RemoveEndedAsync(session.Scope);
            }
            else
            {
                await container.KeepEndedAsync(session.Scope, status);
            }

            return status;
        }
        catch when (!ended)
        {
            await container.RemoveAsync(session.Scope);
            throw;
        }
    }
}
