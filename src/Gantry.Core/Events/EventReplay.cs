namespace Gantry.Core.Events;

/// <summary>What a client wants to have told again.</summary>
/// <param name="From">Where to begin.</param>
/// <param name="Filters">Filters, any of which is enough; none: everything.</param>
/// <param name="Follow">Whether to go on with what happens from now on, without a gap; else it ends with what is kept.</param>
/// <param name="Until">Events that happened later are left out; null: none are.</param>
public sealed record EventReplay(
    EventCursor From, IReadOnlyList<string> Filters, bool Follow = false, DateTimeOffset? Until = null);
