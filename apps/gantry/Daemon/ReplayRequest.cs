using Gantry.Core.Events;

namespace Gantry.Cli.Daemon;

/// <summary>What a command line asks for of events.</summary>
/// <param name="Filters">Filters, any of which is enough.</param>
/// <param name="Replay">What was kept, and maybe what comes; null: only what comes.</param>
internal sealed record ReplayRequest(IReadOnlyList<string> Filters, EventReplay? Replay);
