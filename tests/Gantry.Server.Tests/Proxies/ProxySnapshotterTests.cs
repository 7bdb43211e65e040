using System.Collections.Immutable;
using System.Net.Sockets;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Server.Config;
using Gantry.Server.Proxies;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests.Proxies;

public sealed class ProxySnapshotterTests : IAsyncLifetime
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;
    private readonly TempDirectory _root = new();
    private RemoteSnapshotterServer? _server;
    private ProxySnapshotDriver? _driver;
    private MetadataStore? _store;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RemoteSnapshotterServer Server => _server!;

    private ISnapshotter Snapshots => In("default");

    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        _server = await RemoteSnapshotterServer.StartNewAsync();
        await OpenAsync(_server.Address, TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _root.Dispose();
    }

    [Fact]
    public async Task A_layer_that_the_proxy_has_is_recorded_as_committed_and_told()
    {
        Server.Service.Targets.Add("chain-1");
        Server.Service.Targets.Add("chain-2");

        await TargetIsThereAsync(Snapshots, "chain-1", "");
        await TargetIsThereAsync(Snapshots, "chain-2", "chain-1");

        SnapshotInfo info = await Snapshots.StatAsync("chain-2", Token);
        Assert.Equal((SnapshotKind.Committed, "chain-1"), (info.Kind, info.Parent));
        Assert.Equal("chain-2", info.Labels["containerd.io/snapshot.ref"]);
        Assert.True((await Snapshots.UsageAsync("chain-2", Token)).Inodes > 0);
        Mount mount = Assert.Single(await Snapshots.PrepareAsync("container", "chain-2", NoLabels, Token));
        Assert.Equal("chain-2", await File.ReadAllTextAsync(Path.Combine(mount.Source, "remote"), Token));
        await FailsAsync(ErrorKind.NotFound, "snapshot k does not exist", () => Snapshots.StatAsync("k", Token));
    }

    [Fact]
    public async Task A_layer_that_it_does_not_have_is_made_on_one_that_it_has()
    {
        Server.Service.Targets.Add("chain-1");
        await TargetIsThereAsync(Snapshots, "chain-1", "");

        Mount mount = Assert.Single(await Snapshots.PrepareAsync("k", "chain-1", Target("chain-2"), Token));
        await File.WriteAllTextAsync(Path.Combine(mount.Source, "ordinary"), "", Token);
        await Snapshots.CommitAsync("chain-2", "k", "", Target("chain-2"), Token);
        Mount view = Assert.Single(await Snapshots.ViewAsync("v", "chain-2", NoLabels, Token));

        Assert.Equal(
            ["ordinary", "remote"],
            Directory.EnumerateFiles(view.Source).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_two_namespaces_share_there_goes_when_both_have_removed_it()
    {
        Server.Service.Targets.Add("chain");
        await TargetIsThereAsync(Snapshots, "chain", "");
        await TargetIsThereAsync(In("other"), "chain", "");

        await Snapshots.RemoveAsync("chain", Token);
        await Snapshots.CleanupAsync(Token);
        Assert.Equal(["chain"], await Server.NamesAsync());
        await In("other").RemoveAsync("chain", Token);
        await Snapshots.CleanupAsync(Token);

        Assert.Empty(await Server.NamesAsync());
    }

    [Fact]
    public async Task The_proxy_is_told_the_namespace_of_the_caller()
    {
        await Snapshots.PrepareAsync("k", "", NoLabels, Token);
        await In("other").PrepareAsync("k", "", NoLabels, Token);

        Assert.Equal(["default", "other"], Server.Service.Namespaces.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Labels_that_it_may_look_at_change_there_too()
    {
        const string Seen = "containerd.io/snapshot/seen";
        Dictionary<string, string> labels = new() { [Seen] = "1", ["containerd.io/snapshot/goes"] = "1", ["own"] = "1" };
        await Snapshots.PrepareAsync("k", "", labels, Token);
        SnapshotInfo info = await Snapshots.StatAsync("k", Token);

        await Snapshots.UpdateAsync(
            info with { Labels = new Dictionary<string, string> { [Seen] = "2", ["own"] = "2" } }, new FieldMask([]), Token);

        string remote = Assert.Single(await Server.NamesAsync());
        IReadOnlyDictionary<string, string> there = (await Server.Snapshots.StatAsync(remote, Token)).Labels;
        Assert.Equal([(Seen, "2")], there.Where(label => label.Key != "containerd.io/gc.root").Select(l => (l.Key, l.Value)));
        Assert.Equal("2", (await Snapshots.StatAsync("k", Token)).Labels["own"]);
    }

    [Fact]
    public async Task Snapshots_go_there_children_before_parents()
    {
        await CommitAsync("one", "");
        await CommitAsync("two", "one");
        await CommitAsync("three", "two");
        Assert.Equal(3, (await Server.NamesAsync()).Count);

        foreach (string name in (string[])["three", "two", "one"])
        {
            await Snapshots.RemoveAsync(name, Token);
        }

        await Snapshots.CleanupAsync(Token);
        Assert.Empty(await Server.NamesAsync());
    }

    [Fact]
    public async Task Without_the_proxy_records_can_be_read_and_removed_and_the_rest_is_Unavailable()
    {
        await CommitAsync("one", "");
        await CommitAsync("two", "one");
        await Server.StopAsync();

        await FailsAsync(
            ErrorKind.Unavailable,
            $"proxy snapshotter remote: Prepare: connect {Server.Address}: .*: unavailable$",
            () => Snapshots.PrepareAsync("k", "one", NoLabels, Token));
        Assert.Equal(["one", "two"], (await Snapshots.ListAsync([], Token).ToListAsync(Token)).Select(info => info.Name));
        Assert.Equal("one", (await Snapshots.StatAsync("two", Token)).Parent);
        await Snapshots.RemoveAsync("two", Token);
        await FailsAsync(ErrorKind.NotFound, "snapshot k does not exist", () => Snapshots.StatAsync("k", Token));

        await Server.StartAsync();
        await Snapshots.CleanupAsync(Token);
        Assert.Single(await Server.NamesAsync());
        await Snapshots.PrepareAsync("k", "one", NoLabels, Token);
    }

    [Fact]
    public async Task A_proxy_that_says_nothing_is_Unavailable_when_its_time_is_over()
    {
        await CloseAsync();
        using Socket silent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(_root["silent"]));
        silent.Listen();
        await OpenAsync(_root["silent"], TimeSpan.FromSeconds(1));

        await FailsAsync(
            ErrorKind.Unavailable,
            "^proxy snapshotter remote: .*no answer.* in 1 s.*unavailable$",
            () => Snapshots.PrepareAsync("k", "", NoLabels, Token));
        Assert.Empty(await Snapshots.ListAsync([], Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_proxy_that_says_it_has_what_it_has_not_is_found_out()
    {
        Server.Service.Targets.Add("chain");
        Server.Service.Lies = true;

        await FailsAsync(
            ErrorKind.NotFound,
            "proxy snapshotter remote: target snapshot \"chain\", which it said it has: not found$",
            () => Snapshots.PrepareAsync("k", "", Target("chain"), Token));

        Assert.Empty(await Snapshots.ListAsync([], Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        await CommitAsync("one", "");
        Mount before = Assert.Single(await Snapshots.PrepareAsync("k", "one", NoLabels, Token));
        await CloseAsync();

        await OpenAsync(Server.Address, TimeSpan.FromSeconds(60));

        Mount after = Assert.Single(await Snapshots.MountsAsync("k", Token));
        Assert.Equal(before.Source, after.Source);
        await Snapshots.PrepareAsync("l", "one", NoLabels, Token);
        Assert.Equal(3, (await Server.NamesAsync()).Count);
    }

    private static ImmutableDictionary<string, string> Target(string name) =>
        ImmutableDictionary<string, string>.Empty.Add("containerd.io/snapshot.ref", name);

    private static Task TargetIsThereAsync(ISnapshotter snapshots, string target, string parent) => FailsAsync(
        ErrorKind.AlreadyExists,
        $"^target snapshot \"{target}\": already exists$",
        () => snapshots.PrepareAsync("k", parent, Target(target), Token));

    private static async Task FailsAsync(ErrorKind kind, string pattern, Func<Task> action)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(action);
        Assert.Matches(pattern, error.Message);
        Assert.Equal(kind, error.Kind);
    }

    private ISnapshotter In(string ns) => _store!.In(Namespace.Parse(ns)).Snapshots("remote");

    private async Task CommitAsync(string name, string parent)
    {
        await Snapshots.PrepareAsync($"extract {name}", parent, NoLabels, Token);
        await Snapshots.CommitAsync(name, $"extract {name}", "", NoLabels, Token);
    }

    private async Task OpenAsync(string address, TimeSpan limit)
    {
        _driver = new ProxySnapshotDriver(
            new ProxyPluginConfig("remote", "snapshot", address),
            _root["remote"],
            limit,
            TimeProvider.System,
            NullLogger<ProxySnapshotDriver>.Instance);
        _store = await MetadataStore.OpenAsync(new MetadataStoreOptions(_root.Path) { Drivers = [_driver] }, Token);
    }

    private async Task CloseAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
            await _driver!.DisposeAsync();
        }

        _store = null;
    }
}
