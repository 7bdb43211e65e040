using Gantry.Client;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Suites.Tests;

/// <summary>A daemon that a class of tests shares, started when the first one asks for it.</summary>
public abstract class DaemonFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private GantryClient? _client;

    /// <summary>The daemon, once it was asked for.</summary>
    public PrivateDaemon? Daemon { get; private set; }

    /// <summary>A namespace of the daemon, under a lease of its own.</summary>
    public async Task<NamespaceClient> OpenAsync(string ns)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await _gate.WaitAsync(token);
        try
        {
            Daemon ??= await StartAsync();
            _client ??= new GantryClient(new GantryClientOptions { SocketPath = Daemon.Address });
        }
        finally
        {
            _gate.Release();
        }

        Namespace name = Namespace.Parse(ns);
        Lease lease = await _client.In(name).Leases.CreateAsync("", new Dictionary<string, string>(), token);
        return _client.In(name, lease.Id);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _client?.Dispose();
        _gate.Dispose();
        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
        }
    }

    protected abstract Task<PrivateDaemon> StartAsync();
}
