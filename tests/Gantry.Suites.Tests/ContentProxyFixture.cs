using Gantry.Testing;

namespace Gantry.Suites.Tests;

/// <summary>A daemon whose blobs are kept by another one.</summary>
public abstract class ContentProxyFixture : DaemonFixture
{
    private PrivateDaemon? _backend;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }
    }

    protected abstract Task<PrivateDaemon> StartBackendAsync();

    protected override async Task<PrivateDaemon> StartAsync()
    {
        _backend = await StartBackendAsync();
        return await GantryDaemon.StartNewAsync(
            $"""
            disabled_plugins = ["io.containerd.content.v1.content"]
            [proxy_plugins.blobs]
            type = "content"
            address = "{_backend.Address}"
            """);
    }
}
