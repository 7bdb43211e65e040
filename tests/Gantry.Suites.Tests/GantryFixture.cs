using Gantry.Testing;

namespace Gantry.Suites.Tests;

public sealed class GantryFixture : DaemonFixture
{
    protected override async Task<PrivateDaemon> StartAsync() => await GantryDaemon.StartNewAsync();
}
