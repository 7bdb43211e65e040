namespace Gantry.Client.Tasks;

/// <summary>The state of a process of a container. The numbers are those of the wire.</summary>
public enum ProcessStatus
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>Made, not started.</summary>
    Created = 1,

    /// <summary>Running.</summary>
    Running = 2,

    /// <summary>Ended; its exit status is known.</summary>
    Stopped = 3,

    /// <summary>Frozen.</summary>
    Paused = 4,

    /// <summary>About to be frozen.</summary>
    Pausing = 5,
}
