namespace Gantry.Runtime.Tasks;

/// <summary>What a process of a task is doing. The numbers are those of the wire.</summary>
public enum ProcessStatus
{
    /// <summary>Nobody knows.</summary>
    Unknown = 0,

    /// <summary>Made, not yet started.</summary>
    Created = 1,

    /// <summary>Running.</summary>
    Running = 2,

    /// <summary>Exited; its exit status is kept until it is deleted.</summary>
    Stopped = 3,

    /// <summary>Frozen.</summary>
    Paused = 4,

    /// <summary>About to be frozen.</summary>
    Pausing = 5,
}
