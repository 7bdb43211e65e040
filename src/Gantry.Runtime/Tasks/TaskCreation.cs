using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Runtime.Shims;

namespace Gantry.Runtime.Tasks;

/// <summary>What a task is to be made from.</summary>
/// <param name="Id">The container's id, which is the task's too.</param>
/// <param name="RuntimeName">The name of its runtime, such as <c>io.containerd.runc.v2</c>, or a shim's absolute path.</param>
/// <param name="Spec">The container's OCI runtime spec, written to the bundle byte for byte.</param>
public sealed record TaskCreation(string Id, string RuntimeName, TypedBytes Spec)
{
    /// <summary>The shim to use whatever the runtime's name: an absolute path, or another name. Empty for none.</summary>
    public string RuntimePath { get; init; } = "";

    /// <summary>The sandbox that the task belongs to; empty for none. It is served by the sandbox's shim.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>The shim that is to serve the task, as a client was told it by a sandbox's controller; null for none.</summary>
    public BootstrapResult? Shim { get; init; }

    /// <summary>Options for the shim and its runtime, passed on byte for byte.</summary>
    public TypedBytes? Options { get; init; }

    /// <summary>What the shim mounts at <c>rootfs/</c> of the bundle.</summary>
    public IReadOnlyList<Mount> RootFilesystem { get; init; } = [];

    /// <summary>The streams of its first process.</summary>
    public TaskIo Io { get; init; } = TaskIo.None;

    /// <summary>The directory of the images that it is restored from at its start; empty for none.</summary>
    public string Checkpoint { get; init; } = "";

    /// <summary>
    /// Fills a directory with the images that it is restored from, when <see cref="Checkpoint"/> names none; null for a
    /// task that begins. The directory is the task's, and is removed when it has started.
    /// </summary>
    public Func<string, CancellationToken, Task>? CheckpointImages { get; init; }

    /// <summary>What a container's record says of its task.</summary>
    /// <param name="container">The container.</param>
    /// <param name="options">The task's own options; null for those of the container.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: it has no spec. InvalidArgument: options of the old runtime are malformed.
    /// </exception>
    public static TaskCreation Of(ContainerRecord container, TypedBytes? options = null)
    {
        ArgumentNullException.ThrowIfNull(container);
        return new TaskCreation(
            container.Id,
            container.RuntimeName,
            container.Spec ?? throw new GantryException(ErrorKind.FailedPrecondition, $"container {container.Id} has no spec"))
        {
            Options = LegacyRuntime.Task(container.RuntimeOptions, options),
            Sandbox = container.Sandbox,
        };
    }
}
