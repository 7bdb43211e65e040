using Google.Protobuf;

namespace Gantry.Api;

/// <summary>
/// The names of the types that are packed and unpacked all the time. Asking a type for its description instead would
/// build the descriptions of its whole file first, which costs a small process milliseconds and much of its memory.
/// </summary>
internal static class KnownTypes
{
    /// <summary>The name of a message's type; null when it is not listed here.</summary>
    public static string? NameOf(IMessage message) => message switch
    {
        Events.ContainerCreate => "containerd.events.ContainerCreate",
        Events.ContainerDelete => "containerd.events.ContainerDelete",
        Events.ContainerUpdate => "containerd.events.ContainerUpdate",
        Events.ContentCreate => "containerd.events.ContentCreate",
        Events.ContentDelete => "containerd.events.ContentDelete",
        Events.NamespaceCreate => "containerd.events.NamespaceCreate",
        Events.NamespaceDelete => "containerd.events.NamespaceDelete",
        Events.NamespaceUpdate => "containerd.events.NamespaceUpdate",
        Events.SandboxCreate => "containerd.events.SandboxCreate",
        Events.SandboxExit => "containerd.events.SandboxExit",
        Events.SandboxStart => "containerd.events.SandboxStart",
        Events.SnapshotCommit => "containerd.events.SnapshotCommit",
        Events.SnapshotPrepare => "containerd.events.SnapshotPrepare",
        Events.SnapshotRemove => "containerd.events.SnapshotRemove",
        Events.TaskCheckpointed => "containerd.events.TaskCheckpointed",
        Events.TaskCreate => "containerd.events.TaskCreate",
        Events.TaskDelete => "containerd.events.TaskDelete",
        Events.TaskExecAdded => "containerd.events.TaskExecAdded",
        Events.TaskExecStarted => "containerd.events.TaskExecStarted",
        Events.TaskExit => "containerd.events.TaskExit",
        Events.TaskOOM => "containerd.events.TaskOOM",
        Events.TaskPaused => "containerd.events.TaskPaused",
        Events.TaskResumed => "containerd.events.TaskResumed",
        Events.TaskStart => "containerd.events.TaskStart",
        Runtime.Runc.CheckpointOptions => "containerd.runc.v1.CheckpointOptions",
        Runtime.Runc.Options => "containerd.runc.v1.Options",
        Runtime.Runc.ProcessDetails => "containerd.runc.v1.ProcessDetails",
        Runtime.Options.Options => "runtimeoptions.v1.Options",
        Cgroups.V1.Metrics => "io.containerd.cgroups.v1.Metrics",
        Cgroups.V2.Metrics => "io.containerd.cgroups.v2.Metrics",
        Types.ContentDescriptor => "containerd.types.Descriptor",
        Types.Transfer.AuthRequest => "containerd.types.transfer.AuthRequest",
        Types.Transfer.AuthResponse => "containerd.types.transfer.AuthResponse",
        Types.Transfer.Data => "containerd.types.transfer.Data",
        Types.Transfer.ImageExportStream => "containerd.types.transfer.ImageExportStream",
        Types.Transfer.ImageImportStream => "containerd.types.transfer.ImageImportStream",
        Types.Transfer.ImageStore => "containerd.types.transfer.ImageStore",
        Types.Transfer.OCIRegistry => "containerd.types.transfer.OCIRegistry",
        Types.Transfer.Progress => "containerd.types.transfer.Progress",
        Types.Transfer.WindowUpdate => "containerd.types.transfer.WindowUpdate",
        _ => null,
    };
}
