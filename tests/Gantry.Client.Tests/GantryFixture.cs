using Gantry.Testing;

namespace Gantry.Client.Tests;

public sealed class GantryFixture : DaemonFixture
{
    protected override async Task<PrivateDaemon> StartAsync(CancellationToken cancellationToken) =>
        await GantryDaemon.StartNewAsync();
}
