using System.Collections.Immutable;

namespace Gantry.Core.Sandboxes;

/// <summary>What a sandbox is made from: a group of containers that share a shim. Values of clients are kept byte for byte.</summary>
/// <param name="Id">An identifier, fixed.</param>
public sealed record SandboxRecord(string Id)
{
    /// <summary>The controller that makes it, such as <c>shim</c>, fixed; empty when the client named none.</summary>
    public string Sandboxer { get; init; } = "";

    /// <summary>The name of its runtime, such as <c>io.containerd.runc.v2</c>.</summary>
    public string RuntimeName { get; init; } = "";

    /// <summary>Options for the runtime.</summary>
    public TypedBytes? RuntimeOptions { get; init; }

    /// <summary>What is to be made, in words that the runtime knows.</summary>
    public TypedBytes? Spec { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Values that clients keep with the sandbox.</summary>
    public IReadOnlyDictionary<string, TypedBytes> Extensions { get; init; } =
        ImmutableDictionary<string, TypedBytes>.Empty;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }
}
