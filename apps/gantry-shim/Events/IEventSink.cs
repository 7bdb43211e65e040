using Gantry.Api.Types;

namespace Gantry.Shim.Events;

/// <summary>Where events go.</summary>
internal interface IEventSink : IAsyncDisposable
{
    /// <summary>Delivers an event; that it returns means that the daemon has it.</summary>
    /// <param name="envelope">The event.</param>
    /// <param name="cancellationToken">Gives up; whether it was delivered is not known then.</param>
    /// <exception cref="EventRefusedException">The daemon does not want it, and will not later.</exception>
    Task DeliverAsync(Envelope envelope, CancellationToken cancellationToken);
}
