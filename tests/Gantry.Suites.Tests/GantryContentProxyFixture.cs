using Gantry.Testing;

namespace Gantry.Suites.Tests;

public sealed class GantryContentProxyFixture : ContentProxyFixture
{
    protected override async Task<PrivateDaemon> StartBackendAsync() => await GantryDaemon.StartNewAsync();
}
