namespace Gantry.Shim.Commands;

/// <summary>What a start of the program is for.</summary>
internal enum ShimAction
{
    /// <summary>To be the shim: to serve its socket.</summary>
    Serve,

    /// <summary>To start a shim and say where it listens.</summary>
    Start,

    /// <summary>To clean up what a shim that is gone has left.</summary>
    Delete,

    /// <summary>To say what version it is.</summary>
    Version,

    /// <summary>To say what runtime it drives.</summary>
    Info,
}
