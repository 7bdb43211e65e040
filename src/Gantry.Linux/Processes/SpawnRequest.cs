using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>What to start, for <see cref="Spawn"/>.</summary>
public sealed record SpawnRequest
{
    /// <summary>The path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments, without the program's own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its name as it sees it, if that is not the path.</summary>
    public string? Name { get; init; }

    /// <summary>Its whole environment as <c>NAME=value</c>; null for this process's own.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    /// <summary>Its working directory; null for this process's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Whether it leads a session of its own.</summary>
    public bool NewSession { get; init; }

    /// <summary>The signals that it begins with blocked; usually none.</summary>
    public IReadOnlyList<int> BlockedSignals { get; init; } = [];

    /// <summary>
    /// The place of a mount that it and its children are not to see; null for none. See
    /// <see cref="Namespaces.MountNamespace.Without"/>.
    /// </summary>
    public string? HiddenMount { get; init; }

    /// <summary>
    /// What its file descriptors are: number in the child, and handle here. The handles stay the caller's. Those of 0 to
    /// 2 that are not given are /dev/null; nothing else is passed on.
    /// </summary>
    public IReadOnlyDictionary<int, SafeHandle> Descriptors { get; init; } = new Dictionary<int, SafeHandle>();
}
