using System.Collections.Immutable;

namespace Gantry.Oci.Image;

/// <summary>How a container of an image runs unless it is told otherwise (image-spec, config.md, config).</summary>
public sealed record ContainerDefaults
{
    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>…; empty for root.</summary>
    public string User { get; init; } = "";

    /// <summary>Environment, <c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>The first arguments of the process.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>The arguments after the entry point, which a caller may replace.</summary>
    public IReadOnlyList<string> Cmd { get; init; } = [];

    /// <summary>The working directory; empty for <c>/</c>.</summary>
    public string WorkingDir { get; init; } = "";

    /// <summary>Ports that it listens on, <c>80/tcp</c> each.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Directories that hold data of a container's own.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Labels; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The signal that stops it; empty for SIGTERM.</summary>
    public string StopSignal { get; init; } = "";
}
