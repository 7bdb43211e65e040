using Gantry.Testing;

namespace Gantry.Suites.Tests;

public sealed class ContainerdFixture : DaemonFixture
{
    protected override async Task<PrivateDaemon> StartAsync() => await ContainerdDaemon.StartNewAsync();
}
