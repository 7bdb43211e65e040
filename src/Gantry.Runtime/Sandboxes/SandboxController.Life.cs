using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Sandbox;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Sandboxes;

/// <content>How sandboxes come to be, end, and are found again.</content>
public sealed partial class SandboxController
{
    private const string Ready = "SANDBOX_READY";
    private const string ExitTopic = "/sandboxes/exit";

    /// <summary>The exit status of a sandbox of which nobody knows how it ended.</summary>
    private const uint UnknownStatus = 255;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Finds the sandboxes of an earlier daemon and adopts them, all at once and each within its deadline. One whose shim is
    /// dead is removed and its end told; one whose shim is silent is kept, and tried again later.
    /// </summary>
    /// <param name="begin">Shims are not talked to before this completes: the API is to answer first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// Completes when it is known of each. From the moment on at which this returns the task, each is known, and calls for it
    /// wait until more is.
    /// </returns>
    public Task LoadAsync(Task begin, CancellationToken cancellationToken)
    {
        List<ManagedSandbox> found = [];
        foreach (Bundle bundle in _bundles.Find())
        {
            ManagedSandbox sandbox = new(bundle);
            if (_sandboxes.TryAdd((bundle.Namespace, bundle.Id), sandbox))
            {
                found.Add(sandbox);
            }
        }

        return FindOutAllAsync(found, begin, cancellationToken);
    }

    private async Task FindOutAllAsync(List<ManagedSandbox> found, Task begin, CancellationToken cancellationToken)
    {
        await begin.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(found.Select(sandbox => Task.Run(() => FindOutAsync(sandbox), cancellationToken)));
        }
    }

    private async Task FindOutAsync(ManagedSandbox sandbox)
    {
        Bundle bundle = sandbox.Bundle;
        await sandbox.Lifecycle.WaitAsync(_stop.Token);
        try
        {
            sandbox.Program = BundleStore.ReadProgram(bundle) is { } path ? ProgramAt(path, bundle) : null;
            sandbox.Bootstrap = BundleStore.ReadBootstrap(bundle, _logger);
            if (File.Exists(bundle.ExitPaths[0]))
            {
                SandboxExit told = SandboxExit.Parser.ParseFrom(await File.ReadAllBytesAsync(bundle.ExitPaths[0], _stop.Token));
                sandbox.NoteEnd(new SandboxEnd(told.ExitStatus, told.ExitedAt));
            }

            if (sandbox.Bootstrap is null)
            {
                // It was about to be made, and nobody was told of it.
                await TakeBackAsync(sandbox);
                return;
            }

            sandbox.Log = ShimLog.Open(bundle, _logger);
            Shim? shim = await TryAdoptAsync(sandbox, FirstRetry);
            sandbox.Watch = sandbox.IsGone ? Task.CompletedTask : WatchAsync(sandbox, shim);
        }
        catch (Exception failure) when (
            failure is GantryException or IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            // One bundle that is broken must not keep the daemon from the others.
            _logger.StepFailed(bundle.Namespace.ToString(), bundle.Id, "adopting it", failure);
            sandbox.Attach(shim: null);
        }
        finally
        {
            sandbox.Lifecycle.Release();
        }
    }

    private async Task StartShimAsync(
        ManagedSandbox sandbox, SandboxCreation creation, CancellationToken cancellationToken)
    {
        Bundle bundle = sandbox.Bundle;
        try
        {
            ShimProgram program = ProgramAt(_shims.Find(creation.Record.RuntimeName), bundle);
            sandbox.Program = program;
            if (Directory.Exists(bundle.DirectoryPath))
            {
                // Every bundle of a live sandbox is known, so this is what a removal has left.
                _bundles.Delete(bundle);
            }

            _bundles.Create(
                bundle.Namespace, bundle.Id, creation.Record.Spec is { Value.IsEmpty: false } spec ? spec.Value : NoSpec);
            BundleStore.WriteProgram(bundle, program.BinaryPath);
            sandbox.Log = ShimLog.Open(bundle, _logger);
            sandbox.Bootstrap = await program.StartAsync(creation.Record.RuntimeOptions, cancellationToken);
            BundleStore.WriteBootstrap(bundle, sandbox.Bootstrap);
            sandbox.Attach(await ConnectAsync(sandbox, cancellationToken));
        }
        catch (GantryException failure)
        {
            throw Wrap(failure, $"failed to start new shim for sandbox {bundle.Id}");
        }
    }

    private async Task CreateInShimAsync(
        ManagedSandbox sandbox, SandboxCreation creation, CancellationToken cancellationToken)
    {
        Bundle bundle = sandbox.Bundle;
        CreateSandboxRequest request = new()
        {
            SandboxId = bundle.Id,
            BundlePath = bundle.DirectoryPath,
            Rootfs = { creation.RootFilesystem.ToMessages() },
            Options = creation.Options.ToMessage(),
            NetnsPath = creation.NetworkNamespace,
        };
        request.Annotations.Fill(creation.Annotations);
        await CallAsync(
            sandbox,
            $"failed to create sandbox {bundle.Id}",
            shim => shim.CallSandboxAsync(
                (c, o) => c.CreateSandboxAsync(request, o), _options.Deadlines.Change, cancellationToken));
    }

    /// <summary>
    /// Ends the sandbox in its shim, and removes what there is of it. The end is told by the loop that watches it, or here.
    /// </summary>
    private async Task RemoveAsync(ManagedSandbox sandbox, CancellationToken cancellationToken)
    {
        Bundle bundle = sandbox.Bundle;
        await sandbox.Lifecycle.WaitAsync(cancellationToken);
        try
        {
            if (sandbox.IsGone)
            {
                throw GantryException.Verbatim(ErrorKind.NotFound, "not found");
            }

            Shim shim = sandbox.Shim;
            try
            {
                await CallAsync(sandbox, "failed to shutdown sandbox", it => it.CallSandboxAsync(
                    (c, o) => c.ShutdownSandboxAsync(new ShutdownSandboxRequest { SandboxId = bundle.Id }, o),
                    _options.Deadlines.Change,
                    CancellationToken.None));
                await shim.Closed.WaitAsync(_options.Deadlines.ShimShutdown, _time, CancellationToken.None);
            }
            catch (Exception failure) when (
                failure is TimeoutException or GantryException { Kind: ErrorKind.Unavailable or ErrorKind.NotFound })
            {
                // It has ended before it could answer, or does not end though it was told to: it is killed below.
                _logger.StepFailed(bundle.Namespace.ToString(), bundle.Id, "ending its shim", failure);
            }

            await EndAsync(sandbox, new SandboxEnd(0, Timestamp.FromDateTimeOffset(_time.GetUtcNow())));
        }
        finally
        {
            sandbox.Lifecycle.Release();
        }
    }

    private async Task TakeBackAsync(ManagedSandbox sandbox)
    {
        try
        {
            await EndAsync(sandbox, end: null);
        }
        catch (Exception failure) when (failure is IOException or LinuxException)
        {
            // Why it could not be made is what the caller must know; the next sandbox of this id removes the bundle.
            _logger.StepFailed(sandbox.Bundle.Namespace.ToString(), sandbox.Bundle.Id, "taking it back", failure);
        }
    }

    /// <summary>Removes a sandbox: its shim, if it lives, and its bundle. The caller holds its lifecycle.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="end">How it ended, unless that was told; null when it never was.</param>
    private async Task EndAsync(ManagedSandbox sandbox, SandboxEnd? end)
    {
        Bundle bundle = sandbox.Bundle;
        await Remains.EndProgramsAsync(bundle, _time, CancellationToken.None);
        await Remains.EndShimAsync(bundle, _time, CancellationToken.None);
        await LetGoAsync(sandbox);
        if (end is not null)
        {
            await TellEndAsync(sandbox, end);
        }

        sandbox.IsGone = true;
        sandbox.Attach(shim: null);
        _sandboxes.TryRemove(new((bundle.Namespace, bundle.Id), sandbox));
        _bundles.Delete(bundle);
        if (sandbox.Bootstrap is { } bootstrap)
        {
            ShimSocket.RemoveDead(bootstrap);
        }
    }

    /// <summary>Tells that a sandbox has ended, unless that was told, and keeps that it was.</summary>
    private async Task TellEndAsync(ManagedSandbox sandbox, SandboxEnd end)
    {
        if (!sandbox.NoteEnd(end))
        {
            return;
        }

        Bundle bundle = sandbox.Bundle;
        SandboxExit told = new() { SandboxId = bundle.Id, ExitStatus = end.Status, ExitedAt = end.At };
        await _events.PublishAsync(bundle.Namespace, ExitTopic, TypeUrl.Pack(told), CancellationToken.None);
        try
        {
            BundleStore.WriteFile(bundle.ExitPaths[0], told.ToByteArray());
        }
        catch (IOException failure)
        {
            // The next daemon tells it once more.
            _logger.StepFailed(bundle.Namespace.ToString(), bundle.Id, "keeping its end", failure);
        }
    }

    /// <summary>
    /// Waits until a sandbox has ended, and until its connection breaks; then a shim that lives is connected to again, and
    /// one that is dead is cleaned up after.
    /// </summary>
    private async Task WatchAsync(ManagedSandbox sandbox, Shim? shim)
    {
        try
        {
            while (true)
            {
                if (shim is not null)
                {
                    await FollowAsync(sandbox, shim);
                }

                if (await RecoverAsync(sandbox) is not { } next)
                {
                    return;
                }

                shim = next;
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
            return;
        }
#pragma warning disable CA1031 // The end of this loop must be seen, whatever its reason: nobody would watch the sandbox.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _logger.WatchFailed(sandbox.Bundle.Namespace.ToString(), sandbox.Bundle.Id, failure);
        }
    }

    private async Task FollowAsync(ManagedSandbox sandbox, Shim shim)
    {
        await Task.WhenAny(sandbox.Started, shim.Closed);
        if (!shim.Closed.IsCompleted && !sandbox.Ended.IsCompleted)
        {
            WaitSandboxRequest request = new() { SandboxId = sandbox.Bundle.Id };
            try
            {
                WaitSandboxResponse end = await shim.CallSandboxAsync(
                    (c, o) => c.WaitSandboxAsync(request, o), deadline: null, _stop.Token);
                Timestamp at = end.ExitedAt ?? Timestamp.FromDateTimeOffset(_time.GetUtcNow());
                await TellEndAsync(sandbox, new SandboxEnd(end.ExitStatus, at));
            }
            catch (GantryException failure)
            {
                // The connection is lost, or the shim can't tell; then its own end is the sandbox's.
                _logger.EndNotTold(sandbox.Bundle.Namespace.ToString(), sandbox.Bundle.Id, failure);
            }
        }

        await shim.Closed.WaitAsync(_stop.Token);
    }

    /// <summary>Tries to reach a shim again until it answers or is known to be dead.</summary>
    /// <returns>The new connection; null when the sandbox is gone.</returns>
    private async Task<Shim?> RecoverAsync(ManagedSandbox sandbox)
    {
        TimeSpan delay = FirstRetry;
        while (true)
        {
            await sandbox.Lifecycle.WaitAsync(_stop.Token);
            try
            {
                if (sandbox.IsGone)
                {
                    return null;
                }

                _stop.Token.ThrowIfCancellationRequested();
                if (await TryAdoptAsync(sandbox, delay) is { } shim)
                {
                    return shim;
                }

                if (sandbox.IsGone)
                {
                    return null;
                }
            }
            finally
            {
                sandbox.Lifecycle.Release();
            }

            await Task.Delay(delay, _time, _stop.Token);
            delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
        }
    }

    /// <summary>
    /// Connects to a sandbox's shim and asks it for the sandbox's state; one that is dead is cleaned up after. The caller
    /// holds its lifecycle.
    /// </summary>
    /// <returns>The connection; null when the sandbox is gone, or its shim lives but does not answer.</returns>
    private async Task<Shim?> TryAdoptAsync(ManagedSandbox sandbox, TimeSpan nextTry)
    {
        Bundle bundle = sandbox.Bundle;
        Shim? lost = sandbox.Connection;
        Shim? shim = null;
        try
        {
            shim = await ConnectAsync(sandbox, _stop.Token);
            SandboxStatusRequest request = new() { SandboxId = bundle.Id };
            SandboxStatusResponse status = await shim.CallSandboxAsync(
                (c, o) => c.SandboxStatusAsync(request, o), _options.Deadlines.ShimLoad, _stop.Token);
            if (status.State == Ready || status.ExitedAt is not null)
            {
                sandbox.NoteStart();
            }

            sandbox.Attach(shim);
            _logger.Adopted(bundle.Namespace.ToString(), bundle.Id, status.State);
            return shim;
        }
        catch (GantryException failure)
        {
            if (shim is not null)
            {
                await shim.DisposeAsync();
            }

            bool empty = shim is not null && failure.Kind is ErrorKind.NotFound;
            if (empty || (failure.Kind is ErrorKind.Unavailable && ShimProcess.Find(bundle) is null))
            {
                _logger.ShimDead(bundle.Namespace.ToString(), bundle.Id);
                await EndAsync(
                    sandbox, new SandboxEnd(UnknownStatus, Timestamp.FromDateTimeOffset(_time.GetUtcNow())));
                return null;
            }

            sandbox.Attach(shim: null);
            _logger.Unreachable(bundle.Namespace.ToString(), bundle.Id, nextTry, failure);
            return null;
        }
        finally
        {
            if (lost is not null)
            {
                await lost.DisposeAsync();
            }
        }
    }
}
