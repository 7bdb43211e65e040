namespace Gantry.Runtime.Tasks;

/// <summary>What the daemon knows of a task.</summary>
internal enum TaskPhase
{
    /// <summary>Its bundle was found; its shim is being asked.</summary>
    Loading,

    /// <summary>It is being made: it exists for nobody yet, and its id is taken.</summary>
    Creating,

    /// <summary>Its shim answers.</summary>
    Live,

    /// <summary>Its shim does not answer but lives, as far as can be seen.</summary>
    Unreachable,

    /// <summary>It is gone.</summary>
    Gone,
}
