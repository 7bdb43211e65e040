namespace Gantry.Oci.Runtime;

/// <summary>What a caller wants of the spec of a container.</summary>
public sealed record SpecOptions
{
    /// <summary>The command, instead of the image's entrypoint and arguments; empty: the image's.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Environment, <c>NAME=value</c> to set, <c>NAME</c> to remove; over the image's.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>The working directory, absolute; null: the image's.</summary>
    public string? Cwd { get; init; }

    /// <summary>Whether the process gets a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whatever else is to be changed, out of <see cref="SpecEdits"/>.</summary>
    public Func<RuntimeSpec, RuntimeSpec> Edit { get; init; } = spec => spec;
}
