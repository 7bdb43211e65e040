using Gantry.Core.Maintenance;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Storage.Adopt;
using Gantry.Storage.Metadata;
using Gantry.Storage.Tests.Adopt;
using Gantry.Testing;
using Xunit;

namespace Gantry.Storage.Tests.Doctor;

/// <summary>What the doctor finds of mounts, bundles and a containerd that others have left behind.</summary>
public sealed class RemainsTests
{
    [Fact]
    public async Task Mounts_and_their_records_are_held_against_each_other()
    {
        using TempDirectory root = new();
        FakeMounts mounts = new();
        await using MetadataStore store = await MetadataStore.OpenAsync(
            new MetadataStoreOptions(root.Path) { Mounts = mounts }, TestStore.Token);
        IActivationStore activations = store.In(Namespace.Default).Mounts;
        await ActivateAsync(activations, "kept");
        await ActivateAsync(activations, "gone");
        mounts.There.Remove(mounts.There.Max());
        mounts.There.Add(4711);

        List<Finding> found = await CheckAsync(store);
        List<Finding> repaired = await CheckAsync(store, repair: true);

        Assert.Equal(
            ["default: gone", "activation 4711"], found.Where(finding => finding.IsOpen).Select(finding => finding.Subject));
        Assert.Equal(2, repaired.Count(finding => finding.Outcome == FindingOutcome.Repaired));
        Assert.DoesNotContain(await CheckAsync(store), finding => finding.IsOpen);
        Assert.Single(mounts.There);
    }

    [Fact]
    public async Task A_snapshot_whose_bundle_is_gone_is_found_and_removed()
    {
        await using TestStore store = await TestStore.OpenAsync();
        string bundle = Path.Combine(store.Root, "bundle");
        Directory.CreateDirectory(bundle);
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync(
            "kept", "", TestStore.Label(("gantry.io/bundle", bundle), Root), TestStore.Token);
        await snapshots.PrepareAsync(
            "left", "", TestStore.Label(("gantry.io/bundle", bundle + "-gone"), Root), TestStore.Token);

        Finding found = Assert.Single(await CheckAsync(store.Store), finding => finding.IsOpen);
        await CheckAsync(store.Store, repair: true);

        Assert.Equal("default: overlayfs/left", found.Subject);
        Assert.DoesNotContain(await CheckAsync(store.Store), finding => finding.IsOpen);
        await snapshots.StatAsync("kept", TestStore.Token);
        await TestStore.FailsAsync(
            Core.Errors.ErrorKind.NotFound, () => snapshots.StatAsync("left", TestStore.Token));
    }

    [Theory]
    [InlineData(7, FindingSeverity.Info)]
    [InlineData(8, FindingSeverity.Warning)]
    public async Task A_containerd_that_wrote_after_it_was_taken_over_is_told_of(long transaction, FindingSeverity severity)
    {
        using ContainerdRoot containerd = new();
        containerd.AddBlob("default", "blob");
        containerd.Save(transaction: 7);
        Adoption.Run(containerd.Options, TimeProvider.System);
        containerd.Save(transaction);
        await using MetadataStore store = await MetadataStore.OpenAsync(
            new MetadataStoreOptions(containerd.Root), TestStore.Token);

        Finding found = Assert.Single(await CheckAsync(store), finding => finding.Area == "adoption");

        Assert.Equal((severity, containerd.MetaPath), (found.Severity, found.Subject));
    }

    private static (string Key, string Value) Root => ("containerd.io/gc.root", "1");

    private static Task<Activation> ActivateAsync(IActivationStore activations, string name) => activations.ActivateAsync(
        name, [new Mount("tmpfs", "tmpfs", [])], TestStore.NoLabels, temporary: false, TestStore.Token);

    private static async Task<List<Finding>> CheckAsync(MetadataStore store, bool repair = false)
    {
        List<Finding> findings = [];
        await store.CheckAsync(
            new CheckOptions(repair),
            finding =>
            {
                findings.Add(finding);
                return Task.CompletedTask;
            },
            TestStore.Token);
        return findings;
    }
}
