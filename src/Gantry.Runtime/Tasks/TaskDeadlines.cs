namespace Gantry.Runtime.Tasks;

/// <summary>How long calls to a shim may take. The names are those of containerd's <c>timeouts</c>.</summary>
public sealed record TaskDeadlines
{
    /// <summary><c>io.containerd.timeout.shim.load</c>: a shim found at start must answer within this.</summary>
    public TimeSpan ShimLoad { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>io.containerd.timeout.shim.cleanup</c>: what a dead shim left must be cleaned up within this.</summary>
    public TimeSpan ShimCleanup { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>io.containerd.timeout.shim.shutdown</c>: a shim must end within this.</summary>
    public TimeSpan ShimShutdown { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary><c>io.containerd.timeout.task.state</c>: a shim must tell a state within this.</summary>
    public TimeSpan TaskState { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>io.containerd.timeout.metrics.shimstats</c>: a shim must tell its measurements within this.</summary>
    public TimeSpan ShimStats { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A new shim must be up within this.</summary>
    public TimeSpan ShimStart { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A call that makes, starts or removes a process must end within this.</summary>
    public TimeSpan Change { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A checkpoint must be written within this; it is as long as the memory of the task is large.</summary>
    public TimeSpan Checkpoint { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Every other call must end within this.</summary>
    public TimeSpan Call { get; init; } = TimeSpan.FromSeconds(30);
}
