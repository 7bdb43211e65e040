using Gantry.Testing;

namespace Gantry.Suites.Tests;

/// <summary>A daemon whose snapshotter <c>remote</c> is the one of another daemon.</summary>
public sealed class ProxyFixture : DaemonFixture
{
    private GantryDaemon? _backend;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }
    }

    protected override async Task<PrivateDaemon> StartAsync()
    {
        _backend = await GantryDaemon.StartNewAsync();
        return await GantryDaemon.StartNewAsync(
            $"""
            [proxy_plugins.remote]
            type = "snapshot"
            address = "{_backend.Address}"
            remote_name = "overlayfs"
            capabilities = ["rebase"]
            """);
    }
}
