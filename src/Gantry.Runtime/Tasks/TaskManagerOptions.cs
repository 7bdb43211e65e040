using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Shims;

namespace Gantry.Runtime.Tasks;

/// <summary>What <see cref="TaskManager"/> needs to know of its daemon.</summary>
/// <param name="Root">The daemon's root directory; work directories go to <c>io.containerd.runtime.v2.task</c> in it.</param>
/// <param name="State">The daemon's state directory; bundles go to <c>io.containerd.runtime.v2.task</c> in it.</param>
/// <param name="GrpcAddress">The socket that the daemon serves gRPC on.</param>
/// <param name="TtrpcAddress">The socket that the daemon takes the events of shims on.</param>
public sealed record TaskManagerOptions(string Root, string State, string GrpcAddress, string TtrpcAddress)
{
    /// <summary>
    /// Shims by name of runtime: an absolute path, or the name of a program. What is not in it is resolved by the rules
    /// of <c>ShimLocator</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Runtimes { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A directory where shims are looked for before the PATH; by default that of the daemon's program.</summary>
    public string ProgramDirectory { get; init; } = AppContext.BaseDirectory;

    /// <summary>The program that a shim may call to publish an event; by default the daemon's.</summary>
    public string PublishBinary { get; init; } = Environment.ProcessPath ?? "containerd";

    /// <summary>
    /// The OCI runtime that the shim of this project drives when nobody names one; empty for its own choice. Shims get it
    /// in the variable <c>GANTRY_EXECUTOR</c>.
    /// </summary>
    public string DefaultExecutor { get; init; } = "";

    /// <summary>More environment for shims, as <c>NAME=value</c>; <c>SCHED_CORE=1</c> gives each CPU cores of its own.</summary>
    public IReadOnlyList<string> ShimEnvironment { get; init; } = [];

    /// <summary>
    /// Throws when there is no such container: asked when there is no task, for then it is the container that a client
    /// is told of first. Null for not asking.
    /// </summary>
    public Func<Namespace, string, CancellationToken, Task>? RequireContainer { get; init; }

    /// <summary>
    /// What makes those mounts of a root filesystem that a shim does not know; it returns null when there is none among
    /// the given ones, and is asked without any to undo what it made. Null for giving shims all as they are.
    /// </summary>
    public Func<Namespace, IReadOnlyList<Mount>?, IActivationStore?>? ActivationsFor { get; init; }

    /// <summary>
    /// Finds the shim of a sandbox that a task is to join; null when there is no record of the sandbox, and the task gets a
    /// shim of its own. Null for having no sandboxes.
    /// </summary>
    public Func<Namespace, string, CancellationToken, Task<BootstrapResult?>>? FindSandbox { get; init; }

    /// <summary>Whether shims are told to log in detail.</summary>
    public bool Debug { get; init; }

    /// <summary>How long shims may take.</summary>
    public TaskDeadlines Deadlines { get; init; } = new();
}
