namespace Gantry.Durability.Tests.Pulls;

/// <summary>How a pull is interrupted.</summary>
internal enum Interruption
{
    /// <summary>The client gets SIGINT, and tidies up.</summary>
    ClientInterrupted,

    /// <summary>The client gets SIGKILL.</summary>
    ClientKilled,

    /// <summary>The daemon gets SIGKILL, and is started again.</summary>
    DaemonKilled,
}
