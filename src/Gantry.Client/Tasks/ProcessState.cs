namespace Gantry.Client.Tasks;

/// <summary>A process of a container: its task, or an exec in it.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="ExecId">The exec; empty for the task itself.</param>
/// <param name="ProcessId">Its process id on the host.</param>
/// <param name="Status">Its state.</param>
/// <param name="ExitStatus">Its exit status, once it has stopped.</param>
/// <param name="ExitedAt">When it ended, once it has.</param>
public sealed record ProcessState(
    string ContainerId,
    string ExecId,
    uint ProcessId,
    ProcessStatus Status,
    uint ExitStatus,
    DateTimeOffset? ExitedAt)
{
    /// <summary>The path of its standard input; empty for none.</summary>
    public string Stdin { get; init; } = "";

    /// <summary>The path or URI of its standard output; empty for none.</summary>
    public string Stdout { get; init; } = "";

    /// <summary>The path or URI of its standard error; empty for none.</summary>
    public string Stderr { get; init; } = "";

    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal { get; init; }
}
