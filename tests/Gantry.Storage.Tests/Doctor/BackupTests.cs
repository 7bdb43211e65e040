using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Maintenance;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Xunit;

namespace Gantry.Storage.Tests.Doctor;

public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_put_in_the_place_of_the_database_brings_back_what_was_there()
    {
        using TempDirectory directory = new();
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await TestStore.PutAsync(store.Default.Content, "blob", ("containerd.io/gc.root", "yes"));
        await store.Default.Containers.CreateAsync(TestStore.Container("before"), TestStore.Token);

        long size = await store.Store.BackupAsync(directory["backup.db"], TestStore.Token);
        await store.Default.Containers.CreateAsync(TestStore.Container("after"), TestStore.Token);
        string path = store.Store.DatabasePath;
        await store.Store.DisposeAsync();
        foreach (string file in new[] { path, path + "-wal", path + "-shm" })
        {
            File.Delete(file);
        }

        File.Copy(directory["backup.db"], path);
        await store.ReopenClosedAsync();

        Assert.Equal(new FileInfo(directory["backup.db"]).Length, size);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory["backup.db"]));
        Assert.Single(Directory.GetFiles(directory.Path));
        Assert.Equal(["before"], (await store.Default.Containers.ListAsync([], TestStore.Token)).Select(c => c.Id));
        Assert.Equal("blob", await TestStore.ReadAsync(store.Default.Content, digest));
    }

    [Fact]
    public async Task A_backup_replaces_nothing_and_goes_nowhere_but_to_a_directory()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(directory["there"], "mine", TestStore.Token);
        await using TestStore store = await TestStore.OpenAsync();

        await TestStore.FailsAsync(
            ErrorKind.AlreadyExists, () => store.Store.BackupAsync(directory["there"], TestStore.Token));
        await TestStore.FailsAsync(
            ErrorKind.InvalidArgument, () => store.Store.BackupAsync(directory["no/such"], TestStore.Token));
        await TestStore.FailsAsync(ErrorKind.InvalidArgument, () => store.Store.BackupAsync("relative", TestStore.Token));

        Assert.Equal("mine", await File.ReadAllTextAsync(directory["there"], TestStore.Token));
    }

    [Fact]
    public async Task A_rebuild_brings_back_blobs_and_the_images_that_manifests_name()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest config = await TestStore.PutAsync(store.Default.Content, "{}");
        Digest layer = await TestStore.PutAsync(store.Default.Content, "layer");
        Digest manifest = await TestStore.PutAsync(store.Default.Content, Manifest(config, layer));
        Digest index = await TestStore.PutAsync(store.Default.Content, Index(manifest));
        Digest spoiled = await TestStore.PutAsync(store.Default.Content, "spoiled");
        await store.Default.Snapshots("overlayfs").PrepareAsync("s", "", TestStore.NoLabels, TestStore.Token);
        string root = Path.Combine(store.Root, "root");
        string snapshots = Path.Combine(root, "io.containerd.snapshotter.v1.overlayfs", "snapshots");
        Directory.CreateDirectory(Path.Combine(snapshots, "1", "fs"));
        SpoiledFile.Flip(Path.Combine(store.Store.ContentRoot, "blobs", "sha256", spoiled.Hex));
        string database = store.Store.DatabasePath;
        await store.Store.DisposeAsync();
        SpoiledFile.Flip(database, 0, 4096);
        List<Finding> told = [];

        await MetadataStore.RebuildAsync(
            root,
            Namespace.Default,
            finding =>
            {
                told.Add(finding);
                return Task.CompletedTask;
            },
            TestStore.Token);
        await store.ReopenClosedAsync();
        await store.CollectAsync();

        ImageRecord image = await store.Default.Images.GetAsync("example.org/app:1", TestStore.Token);
        Assert.Equal(manifest, image.Target.Digest);
        ContentInfo info = await store.Default.Content.InfoAsync(manifest, TestStore.Token);
        Assert.Equal(config.ToString(), info.Labels["containerd.io/gc.ref.content.config"]);
        Assert.Equal(layer.ToString(), info.Labels["containerd.io/gc.ref.content.l.0"]);
        await store.Default.Content.InfoAsync(index, TestStore.Token);
        await TestStore.FailsAsync(ErrorKind.NotFound, () => store.Default.Content.InfoAsync(spoiled, TestStore.Token));
        Assert.True(File.Exists(Path.Combine(root, "quarantine", "sha256-" + spoiled.Hex)));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(database)!, "gantry.db.before-*"));
        Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(snapshots)!, "snapshots.before-*"));
        Lease lease = Assert.Single(await store.Default.Leases.ListAsync([], TestStore.Token));
        Assert.Equal(4, (await store.Default.Leases.ListResourcesAsync(lease.Id, TestStore.Token)).Count);
        Assert.Contains(told, finding => finding.Subject == snapshots);
    }

    private static string Manifest(Digest config, Digest layer) =>
        $$"""
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config}}","size":2},
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{layer}}","size":5} ]}
        """;

    private static string Index(Digest manifest) =>
        $$"""
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{manifest}}","size":400,
        "annotations":{"io.containerd.image.name":"example.org/app:1"} } ]}
        """;
}
