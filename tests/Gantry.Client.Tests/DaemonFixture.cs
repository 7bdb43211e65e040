using Gantry.Core.Namespaces;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>A private daemon with a small image, made when the first test asks for it.</summary>
public abstract class DaemonFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly TempDirectory _directory = new();
    private RegistryServer? _registry;
    private PrivateDaemon? _daemon;
    private GantryClient? _client;

    /// <summary>The daemon, which runs.</summary>
    public PrivateDaemon Daemon => _daemon!;

    /// <summary>A client of it.</summary>
    public GantryClient Client => _client!;

    /// <summary>The image, which is pulled and unpacked.</summary>
    public string Image { get; private set; } = "";

    /// <summary>Sees to it that the daemon runs; skips the test where that can't be.</summary>
    public async Task ReadyAsync()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await _gate.WaitAsync(token);
        try
        {
            if (_client is not null)
            {
                return;
            }

            Needs.Root();
            _daemon ??= await StartAsync(token);
            _registry ??= await RegistryServer.StartAsync(cancellationToken: token);
            string image = await ImageFactory.MakeBusyboxAsync(_directory["image"], cancellationToken: token);
            Image = await _registry.PushAsync(image, "busybox:latest");
            GantryClient client = new(new GantryClientOptions { SocketPath = _daemon.Address });
            await PullAsync(client, token);
            _client = client;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Lets the users of a container who are nobody on the host pass the daemon's private directory.</summary>
    public void LetMappedUsersPass()
    {
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(_daemon!.Home, (UnixFileMode)0b111_001_001);
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        IReadOnlyList<string> leftovers = _client is null ? [] : await _daemon!.LeftoversAsync();
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }

        _directory.Dispose();
        _gate.Dispose();
        Assert.Empty(leftovers);
    }

    protected abstract Task<PrivateDaemon> StartAsync(CancellationToken cancellationToken);

    private async Task PullAsync(GantryClient client, CancellationToken cancellationToken)
    {
        using RegistryClient registry = new(new RegistryOptions { PlainHttp = true });
        ImagePuller puller = new(
            registry,
            lease => client.In(Namespace.Default, lease),
            scope => ((NamespaceClient)scope).Differ);
        await puller.PullAsync(
            new PullRequest(Reference.Parse(Image)) { Unpacks = [new UnpackTarget("overlayfs")] }, null, cancellationToken);
    }
}
