namespace Gantry.Durability.Tests.Chaos;

/// <summary>What is killed.</summary>
internal enum Victim
{
    Daemon,
    Shim,
    Executor,
    Init,
}
