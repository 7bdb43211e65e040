namespace Gantry.Client;

/// <summary>Who a daemon is.</summary>
/// <param name="Uuid">Its identity, which stays over restarts.</param>
/// <param name="ProcessId">Its process id; 0 when it does not tell.</param>
/// <param name="Deprecations">What it warns of.</param>
public sealed record DaemonInfo(string Uuid, ulong ProcessId, IReadOnlyList<string> Deprecations);
