using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Server.Hosting;
using Gantry.Server.Metrics;
using Gantry.Server.Services;
using Gantry.Snapshotters.Native;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests.Proxies;

/// <summary>A remote snapshotter on a socket of its own, which can be stopped and started again.</summary>
internal sealed class RemoteSnapshotterServer : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly NativeDriver _driver;
    private readonly MetadataStore _store;
    private WebApplication? _application;

    private RemoteSnapshotterServer(NativeDriver driver, MetadataStore store, TempDirectory directory)
    {
        _driver = driver;
        _store = store;
        _directory = directory;
        Service = new RemoteSnapshotterService(Snapshots);
    }

    /// <summary>Its socket.</summary>
    public string Address => _directory["r.sock"];

    /// <summary>What it does.</summary>
    public RemoteSnapshotterService Service { get; }

    /// <summary>What it has.</summary>
    public ISnapshotter Snapshots => _store.In(Namespace.Default).Snapshots("native");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RemoteSnapshotterServer> StartNewAsync()
    {
        TempDirectory directory = new();
        NativeDriver driver = NativeDriver.Create(directory["native"], NullLogger<NativeDriver>.Instance);
        MetadataStore store =
            await MetadataStore.OpenAsync(new MetadataStoreOptions(directory.Path) { Drivers = [driver] }, Token);
        RemoteSnapshotterServer server = new(driver, store, directory);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        File.Delete(Address);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(
            Address, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(new DaemonLifetime(TimeProvider.System, CancellationToken.None));
        builder.Services.AddSingleton(new RpcMetrics());
        builder.Services.AddSingleton(Service);
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<ErrorInterceptor>());
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.MapGrpcService<RemoteSnapshotterService>();
        await _application.StartAsync(Token);
    }

    public async Task StopAsync()
    {
        await _application!.DisposeAsync();
        _application = null;
    }

    /// <summary>The names of all that it has.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync() =>
        [.. (await Snapshots.ListAsync([], Token).ToListAsync(Token)).Select(info => info.Name)];

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await StopAsync();
        }

        await _store.DisposeAsync();
        await _driver.DisposeAsync();
        _directory.Dispose();
    }
}
