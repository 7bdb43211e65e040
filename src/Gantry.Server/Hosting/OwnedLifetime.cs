using Microsoft.Extensions.Hosting;

namespace Gantry.Server.Hosting;

/// <summary>A host whose life is its owner's business: no signal handlers, no messages.</summary>
internal sealed class OwnedLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
