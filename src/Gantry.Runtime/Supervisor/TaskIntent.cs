namespace Gantry.Runtime.Supervisor;

/// <summary>What a daemon was about to do to a task when it died.</summary>
internal enum TaskIntent
{
    /// <summary>Make it. Nobody was told that it exists, so what there is of it is taken back.</summary>
    Create,

    /// <summary>Start its first process. It is started, unless that has been done.</summary>
    Start,

    /// <summary>Kill its first process. It is killed, unless it has ended.</summary>
    Kill,

    /// <summary>Remove it. It is removed, unless it runs.</summary>
    Delete,
}
