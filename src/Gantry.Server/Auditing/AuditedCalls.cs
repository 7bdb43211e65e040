using System.Collections.Frozen;
using Gantry.Api;
using Gantry.Api.Maintenance;
using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Api.Services.Diff;
using Gantry.Api.Services.Events;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Gantry.Api.Services.Mounts;
using Gantry.Api.Services.Namespaces;
using Gantry.Api.Services.Sandbox;
using Gantry.Api.Services.Snapshots;
using Gantry.Api.Services.Tasks;
using Gantry.Api.Services.Transfer;
using Gantry.Api.Types.Transfer;
using Google.Protobuf.WellKnownTypes;
using ContentUpdate = Gantry.Api.Services.Content.UpdateRequest;
using LeaseCreate = Gantry.Api.Services.Leases.CreateRequest;
using LeaseDelete = Gantry.Api.Services.Leases.DeleteRequest;
using MountUpdate = Gantry.Api.Services.Mounts.UpdateRequest;

namespace Gantry.Server.Auditing;

/// <summary>The calls that change something, and what each is about.</summary>
internal static class AuditedCalls
{
    /// <summary>The one that is a stream of requests.</summary>
    public const string ContentWrite = "/containerd.services.content.v1.Content/Write";

    private static readonly FrozenDictionary<string, Func<object, string?>> Calls = List().ToFrozenDictionary(
        static call => call.Method, static call => call.Subject, StringComparer.Ordinal);

    /// <summary>What tells of a request what it is about: null when that request changes nothing.</summary>
    /// <param name="method">The method, as <c>/SERVICE/METHOD</c>.</param>
    /// <returns>Null when no request of the method changes anything.</returns>
    public static Func<object, string?>? Find(string method) => Calls.GetValueOrDefault(method);

    private static IEnumerable<(string Method, Func<object, string?> Subject)> List() =>
    [
        .. Service("containerd.services.containers.v1.Containers",
            ("Create", static it => ((CreateContainerRequest)it).Container?.Id),
            ("Update", static it => ((UpdateContainerRequest)it).Container?.Id),
            ("Delete", static it => ((DeleteContainerRequest)it).Id)),
        .. Service("containerd.services.images.v1.Images",
            ("Create", static it => ((CreateImageRequest)it).Image?.Name),
            ("Update", static it => ((UpdateImageRequest)it).Image?.Name),
            ("Delete", static it => ((DeleteImageRequest)it).Name)),
        .. Service("containerd.services.namespaces.v1.Namespaces",
            ("Create", static it => ((CreateNamespaceRequest)it).Namespace?.Name),
            ("Update", static it => ((UpdateNamespaceRequest)it).Namespace?.Name),
            ("Delete", static it => ((DeleteNamespaceRequest)it).Name)),
        .. Service("containerd.services.leases.v1.Leases",
            ("Create", static it => ((LeaseCreate)it).Id),
            ("Delete", static it => ((LeaseDelete)it).Id),
            ("AddResource", static it => $"{((AddResourceRequest)it).Id} {((AddResourceRequest)it).Resource?.Id}"),
            ("DeleteResource", static it => $"{((DeleteResourceRequest)it).Id} {((DeleteResourceRequest)it).Resource?.Id}")),
        .. Service("containerd.services.content.v1.Content",
            ("Update", static it => ((ContentUpdate)it).Info?.Digest),
            ("Delete", static it => ((DeleteContentRequest)it).Digest),
            ("Abort", static it => ((AbortRequest)it).Ref)),
        .. Service("containerd.services.snapshots.v1.Snapshots",
            ("Prepare", static it => Snapshot(((PrepareSnapshotRequest)it).Snapshotter, ((PrepareSnapshotRequest)it).Key)),
            ("View", static it => Snapshot(((ViewSnapshotRequest)it).Snapshotter, ((ViewSnapshotRequest)it).Key)),
            ("Commit", static it => Snapshot(((CommitSnapshotRequest)it).Snapshotter, ((CommitSnapshotRequest)it).Name)),
            ("Remove", static it => Snapshot(((RemoveSnapshotRequest)it).Snapshotter, ((RemoveSnapshotRequest)it).Key)),
            ("Update", static it => Snapshot(((UpdateSnapshotRequest)it).Snapshotter, ((UpdateSnapshotRequest)it).Info?.Name)),
            ("Cleanup", static it => ((CleanupRequest)it).Snapshotter)),
        .. Service("containerd.services.diff.v1.Diff",
            ("Apply", static it => ((ApplyRequest)it).Diff?.Digest),
            ("Diff", static it => ((DiffRequest)it).Ref)),
        .. Service("containerd.services.tasks.v1.Tasks",
            ("Create", static it => ((CreateTaskRequest)it).ContainerId),
            ("Start", static it => Process(((StartRequest)it).ContainerId, ((StartRequest)it).ExecId)),
            ("Delete", static it => ((DeleteTaskRequest)it).ContainerId),
            ("DeleteProcess", static it => Process(((DeleteProcessRequest)it).ContainerId, ((DeleteProcessRequest)it).ExecId)),
            ("Kill", static it => Process(((KillRequest)it).ContainerId, ((KillRequest)it).ExecId)),
            ("Exec", static it => Process(((ExecProcessRequest)it).ContainerId, ((ExecProcessRequest)it).ExecId)),
            ("Pause", static it => ((PauseTaskRequest)it).ContainerId),
            ("Resume", static it => ((ResumeTaskRequest)it).ContainerId),
            ("Checkpoint", static it => ((CheckpointTaskRequest)it).ContainerId),
            ("Update", static it => ((UpdateTaskRequest)it).ContainerId)),
        .. Service("containerd.services.sandbox.v1.Store",
            ("Create", static it => ((StoreCreateRequest)it).Sandbox?.SandboxId),
            ("Update", static it => ((StoreUpdateRequest)it).Sandbox?.SandboxId),
            ("Delete", static it => ((StoreDeleteRequest)it).SandboxId)),
        .. Service("containerd.services.sandbox.v1.Controller",
            ("Create", static it => ((ControllerCreateRequest)it).SandboxId),
            ("Start", static it => ((ControllerStartRequest)it).SandboxId),
            ("Stop", static it => ((ControllerStopRequest)it).SandboxId),
            ("Shutdown", static it => ((ControllerShutdownRequest)it).SandboxId),
            ("Update", static it => ((ControllerUpdateRequest)it).SandboxId)),
        .. Service("containerd.services.mounts.v1.Mounts",
            ("Activate", static it => ((ActivateRequest)it).Name),
            ("Deactivate", static it => ((DeactivateRequest)it).Name),
            ("Update", static it => ((MountUpdate)it).Info?.Name)),
        .. Service("containerd.services.transfer.v1.Transfer",
            ("Transfer", static it => $"{End(((TransferRequest)it).Source)} to {End(((TransferRequest)it).Destination)}")),
        .. Service("containerd.services.events.v1.Events",
            ("Publish", static it => ((PublishRequest)it).Topic),
            ("Forward", static it => ((ForwardRequest)it).Envelope?.Topic)),
        .. Service("gantry.gc.v1.Gc",
            ("Collect", static _ => "")),
        .. Service("gantry.maintenance.v1.Maintenance",
            ("Check", static it => ((CheckRequest)it).Repair ? "" : null),
            ("Backup", static it => ((BackupRequest)it).Path)),
    ];

    private static IEnumerable<(string, Func<object, string?>)> Service(
        string service, params IEnumerable<(string Method, Func<object, string?> Subject)> calls) =>
        calls.Select(call => ($"/{service}/{call.Method}", (Func<object, string?>)(it => Told(call.Subject, it))));

    /// <summary>A request without its object is refused, and told as one about nothing.</summary>
    private static string? Told(Func<object, string?> subject, object request) =>
        subject(request) ?? (request is CheckRequest ? null : "");

    private static string Snapshot(string snapshotter, string? key) => $"{snapshotter}/{key}";

    private static string Process(string container, string exec) => exec.Length == 0 ? container : $"{container}/{exec}";

    /// <summary>One end of a transfer. What holds credentials is not looked at.</summary>
    private static string End(Any? end) => end switch
    {
        null => "nothing",
        _ when TypeUrl.TryUnpack(end, out OCIRegistry? registry) => $"registry {registry.Reference}",
        _ when TypeUrl.TryUnpack(end, out ImageStore? store) => $"image {store.Name}",
        _ => end.TypeUrl[(end.TypeUrl.LastIndexOf('.') + 1)..],
    };
}
