namespace Gantry.Oci.Runtime;

/// <summary>What the configuration of an image says of the process (image-spec, config.md).</summary>
public sealed record ImageProcess
{
    /// <summary>Environment, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>The first part of the command.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>The second part of the command.</summary>
    public IReadOnlyList<string> Cmd { get; init; } = [];

    /// <summary>The working directory; empty: the root.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c> and mixtures; empty: root.</summary>
    public string User { get; init; } = "";
}
