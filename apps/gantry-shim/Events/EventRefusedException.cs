namespace Gantry.Shim.Events;

/// <summary>The daemon refused an event: sending it again would not help.</summary>
internal sealed class EventRefusedException(string message, Exception inner) : Exception(message, inner);
