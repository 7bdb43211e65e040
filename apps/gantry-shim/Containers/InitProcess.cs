using Gantry.Api.Events;
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

    public InitProcess(Container container, StreamNames names)
        : base(container, container.Id, names)
    {
    }

    /// <summary>Makes the container, with its process waiting to be started.</summary>
    public async Task CreateAsync()
    {
        string pidFile = Path.Combine(Container.Bundle, BundleFiles.InitPid);
        List<string> arguments = ["create", "--bundle", Container.Bundle, "--pid-file", pidFile];
        if (Container.Options.NoPivotRoot)
        {
            arguments.Add("--no-pivot");
        }

        if (Container.Options.NoNewKeyring)
        {
            arguments.Add("--no-new-keyring");
        }

        await MakeAsync(arguments, Container.Id, pidFile, "OCI runtime create failed");
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

            RuntimeFailure? failed = await Container.Runtime.RunAsync("start", Container.Id);
            if (failed is not null && !await IsAsync("running"))
            {
                throw new GantryException(ErrorKind.Unknown, $"OCI runtime start failed: {failed.Reason}");
            }

            Status = Status.Running;
            Container.Publisher.Publish(
                TaskTopics.Start,
                "containerd.events.TaskStart",
                new TaskStart { ContainerId = Container.Id, Pid = (uint)Pid });
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

            await RunAsync("pause", "OCI runtime pause failed", "paused");
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

            await RunAsync("resume", "OCI runtime resume failed", "running");
            Status = Status.Running;
            Container.Publisher.Publish(
                TaskTopics.Resumed, "containerd.events.TaskResumed", new TaskResumed { ContainerId = Container.Id });
        }
        finally
        {
            Transition.Release();
        }
    }

    public override async Task KillAsync(int signal)
    {
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
            Signal(Signals.SIGKILL);
            await Watching.WaitAsync(cancellationToken);
        }

        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Stopped)
            {
                throw Cannot("delete");
            }

            await CloseStreamsAsync();
            RuntimeFailure? failed = await Container.Runtime.RunAsync("delete", Container.Id);
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
            && await Container.Runtime.RunAsync("resume", Container.Id) is { } failed)
        {
            Container.Log.Warning($"could not thaw a killed container: {failed.Reason}");
        }
    }

    private async Task RunAsync(string command, string failure, string wanted)
    {
        if (await Container.Runtime.RunAsync(command, Container.Id) is { } failed && !await IsAsync(wanted))
        {
            throw new GantryException(ErrorKind.Unknown, $"{failure}: {failed.Reason}");
        }
    }

    /// <summary>
    /// Whether the container is in a state: a runtime that was killed may have done its work before, and what is said of
    /// the container must be so.
    /// </summary>
    private async Task<bool> IsAsync(string state) =>
        !Ended.IsCompleted && await Container.Runtime.StatusAsync(Container.Id) == state;
}
