using Gantry.Core.Collection;

namespace Gantry.Storage.Gc;

/// <summary>Kinds of objects in words.</summary>
internal static class NodeKinds
{
    /// <summary>How a kind is shown.</summary>
    public static string Name(this NodeKind kind) => kind switch
    {
        NodeKind.Content => ObjectKinds.Content,
        NodeKind.Snapshot => ObjectKinds.Snapshot,
        NodeKind.Container => ObjectKinds.Container,
        NodeKind.Image => ObjectKinds.Image,
        NodeKind.Lease => ObjectKinds.Lease,
        NodeKind.Ingest => ObjectKinds.Ingest,
        NodeKind.Sandbox => ObjectKinds.Sandbox,
        NodeKind.Activation => ObjectKinds.Mount,
        _ => "",
    };
}
