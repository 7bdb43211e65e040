using Gantry.Api.Events;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Types.Task;
using Gantry.Core.Errors;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Gantry.Shim.Events;
using Gantry.Shim.Executor;

namespace Gantry.Shim.Containers;

/// <summary>The first process of a container.</summary>
internal sealed class InitProcess : ContainerProcess
{
    /// <summary>How long the end of the first process waits for that of others that ended with it.</summary>
    private static readonly TimeSpan OthersLimit = TimeSpan.FromSeconds(5);

    /// <summary>What a process that a signal ended is said to have ended with, less the signal.</summary>
    private const int SignalExit = 128;

    private readonly string _checkpoint;

    /// <summary>Prepares the process.</summary>
    /// <param name="container">The container.</param>
    /// <param name="names">Its streams.</param>
    /// <param name="checkpoint">The directory of the images that it is restored from; empty for one that begins.</param>
    public InitProcess(Container container, StreamNames names, string checkpoint)
        : base(container, container.Id, names)
    {
        _checkpoint = checkpoint;
    }

    /// <summary>Whether it is, or will be, restored from a checkpoint: then there is no process before its start.</summary>
    private bool IsRestored => _checkpoint.Length > 0;

    private string PidFile => Path.Combine(Container.Bundle, BundleFiles.InitPid);

    /// <summary>Makes the container, with its process waiting to be started.</summary>
    /// <param name="limit">When that is given up.</param>
    public async Task CreateAsync(CancellationToken limit)
    {
        if (IsRestored)
        {
            return;
        }

        List<string> arguments = ["create", "--bundle", Container.Bundle, "--pid-file", PidFile];
        if (Container.Options.NoPivotRoot)
        {
            arguments.Add("--no-pivot");
        }

        if (Container.Options.NoNewKeyring)
        {
            arguments.Add("--no-new-keyring");
        }

        await MakeAsync(arguments, Container.Id, PidFile, "OCI runtime create failed", limit);
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Created)
            {
                throw Cannot("start");
            }

            if (IsRestored)
            {
                await MakeAsync(
                    Criu.RestoreArguments(Container, _checkpoint, PidFile),
                    Container.Id,
                    PidFile,
                    "OCI runtime restore failed",
                    cancellationToken);
                Container.FindCgroup();
            }
            else
            {
                await RunAsync("start", "OCI runtime start failed", "running", cancellationToken);
            }

            Status = Status.Running;
            Container.Publisher.Publish(
                TaskTopics.Start,
                "containerd.events.TaskStart",
                new TaskStart { ContainerId = Container.Id, Pid = (uint)Pid });
            if (IsRestored)
            {
                BeginWatch();
            }
        }
        finally
        {
            Transition.Release();
        }
    }

    public async Task PauseAsync(CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Running)
            {
                throw Status is Status.Created && !Deleted
                    ? new GantryException(ErrorKind.Unknown, "cannot pause task in created state")
                    : Cannot("pause", "container");
            }

            await RunAsync("pause", "OCI runtime pause failed", "paused", cancellationToken);
            Status = Status.Paused;
            Container.Publisher.Publish(
                TaskTopics.Paused, "containerd.events.TaskPaused", new TaskPaused { ContainerId = Container.Id });
        }
        finally
        {
            Transition.Release();
        }
    }

    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Paused)
            {
                throw Status is Status.Created && !Deleted
                    ? new GantryException(ErrorKind.Unknown, "cannot resume task in created state")
                    : Cannot("resume", Status is Status.Running ? "process" : "container");
            }

            await RunAsync("resume", "OCI runtime resume failed", "running", cancellationToken);
            Status = Status.Running;
            Container.Publisher.Publish(
                TaskTopics.Resumed, "containerd.events.TaskResumed", new TaskResumed { ContainerId = Container.Id });
        }
        finally
        {
            Transition.Release();
        }
    }

    /// <summary>Writes what the container's processes are to files, from which they can be restored.</summary>
    /// <param name="images">The directory of the files.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">When that is given up.</param>
    public async Task CheckpointAsync(string images, CheckpointOptions options, CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not (Status.Running or Status.Paused))
            {
                throw Status is Status.Created && !Deleted
                    ? new GantryException(ErrorKind.Unknown, "cannot checkpoint a task in created state")
                    : Cannot("checkpoint", "container");
            }

            await Criu.CheckpointAsync(Container, images, options, cancellationToken);
            Container.Publisher.Publish(
                TaskTopics.Checkpointed,
                "containerd.events.TaskCheckpointed",
                new TaskCheckpointed { ContainerId = Container.Id, Checkpoint = images });
        }
        finally
        {
            Transition.Release();
        }
    }

    public override async Task KillAsync(int signal)
    {
        if (IsRestored && Pid == 0 && !Deleted && await EndBeforeStartAsync(signal))
        {
            return;
        }

        Signal(signal);
        await ThawAsync(signal);
    }

    /// <summary>Sends a signal to all processes of the container.</summary>
    /// <param name="signal">Its number.</param>
    public async Task KillAllAsync(int signal)
    {
        if (Deleted)
        {
            throw new GantryException(ErrorKind.NotFound, "process already finished");
        }

        // After the first process there may be others, and when there are none that is no error either.
        Container.SignalAll(signal);
        await ThawAsync(signal);
    }

    /// <summary>Says that there is no such operation in this state, as containerd's shim words it.</summary>
    /// <param name="verb">The operation.</param>
    /// <param name="noun">What it would be done to.</param>
    public GantryException Cannot(string verb, string noun = "process") => Deleted
        ? new GantryException(ErrorKind.NotFound, $"cannot {verb} a deleted process")
        : new GantryException(ErrorKind.Unknown, $"cannot {verb} a {Status.ToString().ToLowerInvariant()} {noun}");

    public override async Task DeleteAsync(CancellationToken cancellationToken)
    {
        if (!Deleted && Status is Status.Created && !Ended.IsCompleted)
        {
            // It was never started: it waits in the runtime's own code, which nothing but a kill ends.
            if (IsRestored)
            {
                EndWith(code: 0, at: default);
            }
            else
            {
                Signal(Signals.SIGKILL);
                await Watching.WaitAsync(cancellationToken);
            }
        }

        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Stopped)
            {
                throw Cannot("delete");
            }

            await CloseStreamsAsync();
            RuntimeFailure? failed = await Container.Runtime.RunAsync(["delete", Container.Id], cancellationToken);
            if (failed is not null && !failed.Reason.Contains("does not exist", StringComparison.Ordinal))
            {
                // Its first process has ended; what keeps the runtime is a cgroup that was frozen at that moment, or
                // what is left in it.
                failed = await ContainerRemains.RemoveAsync(
                    Container.Runtime, Container.Id, Container.Config.CgroupsPath, Container.Time);
            }

            if (failed is not null && !failed.Reason.Contains("does not exist", StringComparison.Ordinal))
            {
                throw new GantryException(ErrorKind.Unknown, $"failed to delete task: {failed.Reason}");
            }

            if (failed is not null)
            {
                // A runtime that was killed has got so far that the next does not know the container any more.
                await ContainerRemains.SweepAsync(
                    Container.Runtime, Container.Id, Container.Config.CgroupsPath, Container.Time);
            }

            Container.UnmountRootfs();
            Deleted = true;
        }
        finally
        {
            Transition.Release();
        }
    }

    protected override async Task OnEndedAsync()
    {
        if (!Container.Config.HasOwnPids)
        {
            Container.SignalAll(Signals.SIGKILL);
        }
        else
        {
            // The kernel ends all other processes first, and so their end was seen first: it is told first too.
            Task others = Task.WhenAll(Container.Execs.Select(exec => exec.Watching));
            await Task.WhenAny(others, Task.Delay(OthersLimit, Container.Time));
        }

        Container.CheckOom();
    }

    /// <summary>A process that is frozen dies only when it is no longer.</summary>
    private async Task ThawAsync(int signal)
    {
        if (signal == Signals.SIGKILL && Status is Status.Paused
            && await Container.Runtime.RunAsync(["resume", Container.Id], CancellationToken.None) is { } failed)
        {
            Container.Log.Warning($"could not thaw a killed container: {failed.Reason}");
        }
    }

    /// <summary>Before a container is restored there is nothing that a signal could reach.</summary>
    private async Task<bool> EndBeforeStartAsync(int signal)
    {
        await Transition.WaitAsync();
        try
        {
            if (Pid > 0)
            {
                return false;
            }

            EndWith(SignalExit + signal, Container.Time.GetUtcNow());
            return true;
        }
        finally
        {
            Transition.Release();
        }
    }

    private async Task RunAsync(string command, string failure, string wanted, CancellationToken limit)
    {
        if (await Container.Runtime.RunAsync([command, Container.Id], limit) is { } failed && !await IsAsync(wanted, limit))
        {
            throw new GantryException(ErrorKind.Unknown, $"{failure}: {failed.Reason}");
        }
    }

    /// <summary>
    /// Whether the container is in a state: a runtime that was killed may have done its work before, and what is said of
    /// the container must be so.
    /// </summary>
    private async Task<bool> IsAsync(string state, CancellationToken limit) =>
        !Ended.IsCompleted && await Container.Runtime.StatusAsync(Container.Id, limit) == state;
}
