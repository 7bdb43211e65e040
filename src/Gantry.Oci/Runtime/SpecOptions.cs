namespace Gantry.Oci.Runtime;

/// <summary>What a caller wants changed in the spec of a container.</summary>
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

    /// <summary>The host name; null: the daemon's host's.</summary>
    public string? Hostname { get; init; }

    /// <summary>Whether the root filesystem is read-only.</summary>
    public bool ReadOnlyRoot { get; init; }

    /// <summary>Whether the container shares the network of the host.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>Mounts on top of the default ones.</summary>
    public IReadOnlyList<SpecMount> Mounts { get; init; } = [];

    /// <summary>The limit of memory in bytes; null: none.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The limit of processors, such as 0.5; null: none.</summary>
    public double? Cpus { get; init; }

    /// <summary>Whether the process can gain privileges by execve (a set-user-id program).</summary>
    public bool AllowNewPrivileges { get; init; }
}
