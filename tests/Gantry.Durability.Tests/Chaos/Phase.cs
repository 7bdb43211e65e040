namespace Gantry.Durability.Tests.Chaos;

/// <summary>What is under way when it is killed.</summary>
internal enum Phase
{
    Create,
    Start,
    Run,
    Exec,
    Pause,
    Delete,
}
