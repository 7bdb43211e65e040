using Gantry.Core;
using Gantry.Core.Mounts;
using Gantry.Core.Sandboxes;

namespace Gantry.Runtime.Sandboxes;

/// <summary>What a sandbox is to be made from.</summary>
/// <param name="Record">Its id, its runtime with its options, and its spec, which is written to the bundle byte for byte.</param>
public sealed record SandboxCreation(SandboxRecord Record)
{
    /// <summary>Its root filesystem, for shims that give it one.</summary>
    public IReadOnlyList<Mount> RootFilesystem { get; init; } = [];

    /// <summary>Options of the sandbox, passed on byte for byte.</summary>
    public TypedBytes? Options { get; init; }

    /// <summary>The network namespace that it is to have; empty for none.</summary>
    public string NetworkNamespace { get; init; } = "";

    /// <summary>More that the shim is told.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;
}
