using Gantry.Testing;

namespace Gantry.Suites.Tests;

public sealed class ContainerdContentProxyFixture : ContentProxyFixture
{
    protected override async Task<PrivateDaemon> StartBackendAsync() => await ContainerdDaemon.StartNewAsync();
}
