using Gantry.Testing;

namespace Gantry.Client.Tests;

public sealed class ContainerdFixture : DaemonFixture
{
    protected override async Task<PrivateDaemon> StartAsync(CancellationToken cancellationToken) =>
        await ContainerdDaemon.StartNewAsync();
}
