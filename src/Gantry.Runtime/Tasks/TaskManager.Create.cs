using System.Net.Sockets;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Runtime.Tasks;

/// <content>Making tasks.</content>
public sealed partial class TaskManager
{
    /// <summary>Makes a task: a bundle, a shim, and in it a first process that waits to be started.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="creation">What it is made from.</param>
    /// <param name="cancellationToken">Gives up; nothing is left then.</param>
    /// <returns>The process id of its first process.</returns>
    /// <exception cref="GantryException">
    /// AlreadyExists: there is a task of that id. InvalidArgument: the id breaks the rule, or the runtime's name is none.
    /// NotFound: the runtime's shim is not installed. What the shim said.
    /// </exception>
    /// <remarks>
    /// <code>
    /// 1. take the id
    /// 2. make the bundle
    /// 3. start the shim
    /// 4. connect to it
    /// 5. make the mounts that the shim does not know
    /// 6. have it mount the others and make the first process
    /// </code>
    /// When a step fails, what was made is taken back.
    /// </remarks>
    public async Task<uint> CreateAsync(Namespace ns, TaskCreation creation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(creation);
        // Step 1
        Bundle bundle = _bundles.Locate(ns, creation.Id);
        string runtime = creation.RuntimePath.Length > 0 ? creation.RuntimePath : creation.RuntimeName;
        ShimProgram program = ProgramAt(_shims.Find(runtime), bundle);
        ManagedTask task = new(bundle, TaskPhase.Creating) { RuntimeName = creation.RuntimeName, Program = program };
        if (!_tasks.TryAdd((ns, creation.Id), task))
        {
            task.Dispose();
            throw new GantryException(ErrorKind.AlreadyExists, $"task {creation.Id}");
        }

        await task.Lifecycle.WaitAsync(CancellationToken.None);
        try
        {
            _events.Exits.Forget(ns, creation.Id);
            return await MakeAsync(task, program, creation, cancellationToken);
        }
        catch
        {
            await TakeBackAsync(task);
            throw;
        }
        finally
        {
            task.Lifecycle.Release();
        }
    }

    private async Task<uint> MakeAsync(
        ManagedTask task, ShimProgram program, TaskCreation creation, CancellationToken cancellationToken)
    {
        // Step 2: every bundle of a live task is known, so one that is there is what a removal has left.
        Bundle bundle = task.Bundle;
        if (Directory.Exists(bundle.DirectoryPath))
        {
            _bundles.Delete(bundle);
        }

        _bundles.Create(bundle.Namespace, bundle.Id, creation.Spec.Value);
        task.Intents.Begin(TaskIntent.Create);
        BundleStore.WriteProgram(bundle, program.BinaryPath);
        task.Log = ShimLog.Open(bundle, _logger);

        // Step 3
        BootstrapResult bootstrap = await JoinSandboxAsync(task, creation, cancellationToken)
            ?? await program.StartAsync(creation.Options, cancellationToken);
        task.Bootstrap = bootstrap;
        BundleStore.WriteBootstrap(bundle, bootstrap);

        // Step 4
        Shim shim = await ConnectAsync(bootstrap, bundle, cancellationToken);
        task.Attach(shim);

        // Step 5
        IReadOnlyList<Mount> rootfs = await ActivateAsync(task, creation.RootFilesystem, cancellationToken);

        // Step 6
        CreateTaskRequest request = new()
        {
            Id = bundle.Id,
            Bundle = bundle.DirectoryPath,
            Terminal = creation.Io.Terminal,
            Stdin = creation.Io.Stdin,
            Stdout = creation.Io.Stdout,
            Stderr = creation.Io.Stderr,
            Options = creation.Options.ToMessage(),
            Checkpoint = await RestoreFromAsync(task, creation, cancellationToken),
        };
        request.Rootfs.Add(rootfs.ToMessages());
        try
        {
            CreateTaskResponse response = await shim.CallAsync(
                (c, o) => c.CreateAsync(request, o), _options.Deadlines.Change, cancellationToken);
            task.Pid = response.Pid;
            task.Status = ProcessStatus.Created;
        }
        catch (GantryException failure)
        {
            throw GantryException.Verbatim(failure.Kind, $"failed to create shim task: {failure.Message}", failure);
        }

        task.Intents.End(TaskIntent.Create);
        task.BeLive(shim);
        task.Watch = WatchAsync(task, shim);
        return task.Pid;
    }

    /// <summary>Finds the shim that serves a task of a sandbox, and writes down that it does.</summary>
    /// <returns>How it is reached; null when the task is to have a shim of its own, or its program finds the group's.</returns>
    private async Task<BootstrapResult?> JoinSandboxAsync(
        ManagedTask task, TaskCreation creation, CancellationToken cancellationToken)
    {
        if (creation.Sandbox.Length == 0 || _options.FindSandbox is not { } find)
        {
            return null;
        }

        BootstrapResult? shim =
            creation.Shim ?? await find(task.Bundle.Namespace, creation.Sandbox, cancellationToken);
        if (shim is not { Version: >= BootstrapResult.NewestVersion })
        {
            // One of old has to be told by its program of each task that it serves.
            return null;
        }

        task.IsSandboxed = true;
        BundleStore.WriteSandbox(task.Bundle, creation.Sandbox);
        return shim;
    }

    private async Task<Shim> ConnectAsync(
        BootstrapResult bootstrap, Bundle bundle, CancellationToken cancellationToken)
    {
        try
        {
            return await Shim.ConnectAsync(
                bootstrap, bundle.Namespace, _options.Deadlines.ShimLoad, _time, cancellationToken);
        }
        catch (SocketException failure)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"failed to start shim: connect to {bootstrap.Address}: {failure.Message}", failure);
        }
    }

    /// <summary>Takes back what was made of a task that could not be made. The caller holds the task's lifecycle.</summary>
    /// <remarks>
    /// <code>
    /// 1. have the shim drop the task, and end
    /// 2. if it does not, or there is none: kill what works on the bundle, the shim last, and clean up after it
    /// 3. end what is left of the container
    /// 4. remove the bundle
    /// </code>
    /// </remarks>
    private async Task TakeBackAsync(ManagedTask task)
    {
        Bundle bundle = task.Bundle;
        try
        {
            // Step 1
            if (task.Connection is not { } shim || !await TryDiscardAsync(task, shim))
            {
                // Step 2
                await EndLeftAsync(task, task.Log is null ? null : task.Program);
            }
            else
            {
                // Step 3: an OCI runtime that was killed leaves what the shim does not know of.
                await Remains.EndContainerAsync(bundle, _time, _stop.Token);
            }

            // Step 4
            await RemoveAsync(task);
        }
        catch (Exception failure) when (failure is GantryException or IOException)
        {
            // Why the task could not be made is what the caller must know.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "taking back a task that was not made", failure);
        }
        finally
        {
            Forget(task, exit: null);
        }
    }

    /// <summary>
    /// Ends all that is left of a task that has no shim, or whose shim is of no use: programs, the shim unless it serves
    /// others too, and what is in the container's cgroup.
    /// </summary>
    /// <returns>What the clean-up by the shim's program says; null when there is no program, or it failed.</returns>
    private async Task<ProcessExit?> EndLeftAsync(ManagedTask task, ShimProgram? program)
    {
        Bundle bundle = task.Bundle;
        await Remains.EndProgramsAsync(bundle, _time, _stop.Token);
        if (!IsShared(task))
        {
            await Remains.EndShimAsync(bundle, _time, _stop.Token);
        }

        ProcessExit? exit = program is null ? null : await RunDeleteAsync(task, program);
        if (!await Remains.EndContainerAsync(bundle, _time, _stop.Token))
        {
            _logger.ContainerLeft(bundle.Namespace.ToString(), bundle.Id);
        }

        return exit;
    }

    /// <summary>Has a shim drop a task that was not made, and end.</summary>
    /// <returns>Whether nothing is left in it.</returns>
    private async Task<bool> TryDiscardAsync(ManagedTask task, Shim shim)
    {
        Bundle bundle = task.Bundle;
        try
        {
            DeleteRequest request = new() { Id = bundle.Id };
            await shim.CallAsync(
                (c, o) => c.DeleteAsync(request, o), _options.Deadlines.ShimCleanup, CancellationToken.None);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            // As it should be.
            _logger.LeftOut(bundle.Namespace.ToString(), bundle.Id, failure);
        }
        catch (GantryException failure)
        {
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "deleting a task that was not made", failure);
            return false;
        }

        return await ShutdownAsync(task, shim);
    }
}
