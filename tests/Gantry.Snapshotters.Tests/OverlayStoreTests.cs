using System.Collections.Immutable;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Snapshotters.Overlay;
using Gantry.Storage.Metadata;
using Gantry.Suites;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Snapshotters.Tests;

/// <summary>The overlay driver under the metadata store, with real mounts.</summary>
public sealed class OverlayStoreTests
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_runs_on_layers_that_were_unpacked_apart_and_chained_at_commit()
    {
        Needs.Root();
        using TempDirectory root = new();
        Needs.Require(OverlayDriver.Probe(root.Path) is null, "overlayfs");
        await using OverlayDriver driver = OverlayDriver.Create(
            root["io.containerd.snapshotter.v1.overlayfs"],
            new OverlayOptions(),
            NullLogger<OverlayDriver>.Instance);
        await using MetadataStore store = await MetadataStore.OpenAsync(
            new MetadataStoreOptions(root.Path) { Drivers = [driver] },
            Token);
        ISnapshotter snapshots = store.In(Namespace.Default).Snapshots("overlayfs");

        // Both layers are prepared without a parent, the upper one first.
        await WriteAsync(root, await snapshots.PrepareAsync("x2", "", NoLabels, Token), "b", "upper");
        await WriteAsync(root, await snapshots.PrepareAsync("x1", "", NoLabels, Token), "a", "lower");
        await snapshots.CommitAsync("one", "x1", "", NoLabels, Token);
        await snapshots.CommitAsync("two", "x2", "one", NoLabels, Token);
        IReadOnlyList<Mount> mounts = await snapshots.PrepareAsync("c", "two", NoLabels, Token);

        using (MountedDirectory mounted = new(root["m"], mounts))
        {
            Assert.Equal("lower", await File.ReadAllTextAsync(mounted["a"], Token));
            Assert.Equal("upper", await File.ReadAllTextAsync(mounted["b"], Token));
        }

        Assert.Equal(2, (await snapshots.UsageAsync("two", Token)).Inodes);
        await store.Collector.CollectAsync(Token);
        await snapshots.CleanupAsync(Token);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(driver.Root, "snapshots")));
    }

    private static async Task WriteAsync(TempDirectory root, IReadOnlyList<Mount> mounts, string name, string text)
    {
        using MountedDirectory mounted = new(root["m"], mounts);
        await File.WriteAllTextAsync(mounted[name], text, Token);
    }
}
