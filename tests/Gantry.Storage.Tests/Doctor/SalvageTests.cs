using System.Buffers.Binary;
using System.Globalization;
using Gantry.Core.Containers;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Maintenance;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gantry.Storage.Tests.Doctor;

/// <summary>Rebuilding from a database of which one page is damaged.</summary>
public sealed class SalvageTests
{
    private const int Images = 600;

    [Fact]
    public async Task What_can_be_read_of_a_damaged_database_outlives_a_rebuild()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest blob = await TestStore.PutAsync(store.Default.Content, "blob", ("k", "v"));
        await Task.WhenAll(Enumerable.Range(0, Images).Select(i => store.Default.Images.CreateAsync(
            TestStore.Image(string.Create(CultureInfo.InvariantCulture, $"image-{i:000}"), blob), TestStore.Token)));
        ISnapshotter snapshots = store.In("other").Snapshots("overlayfs");
        await snapshots.PrepareAsync("p", "", TestStore.NoLabels, TestStore.Token);
        await snapshots.CommitAsync("base", "p", "", TestStore.Label(("containerd.io/gc.root", "1")), TestStore.Token);
        await snapshots.PrepareAsync("s", "base", TestStore.Label(("a", "b")), TestStore.Token);
        await store.In("other").Containers.CreateAsync(TestStore.Container("c", "overlayfs", "s"), TestStore.Token);
        Lease lease = await store.Default.Leases.CreateAsync("l", TestStore.NoLabels, TestStore.Token);
        await store.Default.Leases.AddResourceAsync(
            lease.Id, new LeaseResource(blob.ToString(), "content"), TestStore.Token);
        string database = store.Store.DatabasePath;
        await store.Store.DisposeAsync();
        SpoilOneLeaf(database, "image");
        List<Finding> told = [];

        await MetadataStore.RebuildAsync(
            Path.Combine(store.Root, "root"),
            Namespace.Default,
            finding =>
            {
                told.Add(finding);
                return Task.CompletedTask;
            },
            TestStore.Token);
        await store.ReopenClosedAsync();
        await store.CollectAsync();

        IReadOnlyList<ImageRecord> images = await store.Default.Images.ListAsync([], TestStore.Token);
        Assert.InRange(images.Count, Images / 2, Images - 1);
        Assert.Equal("v", (await store.Default.Content.InfoAsync(blob, TestStore.Token)).Labels["k"]);
        ContainerRecord container = await store.In("other").Containers.GetAsync("c", TestStore.Token);
        Assert.Equal("s", container.SnapshotKey);
        SnapshotInfo active = await store.In("other").Snapshots("overlayfs").StatAsync("s", TestStore.Token);
        Assert.Equal(("base", "b"), (active.Parent, active.Labels["a"]));
        Assert.Single(await store.Default.Leases.ListResourcesAsync("l", TestStore.Token));
        Assert.Contains(told, finding => finding.Subject == "image" && finding.Severity == FindingSeverity.Warning);
        await store.In("other").Snapshots("overlayfs").PrepareAsync("new", "base", TestStore.NoLabels, TestStore.Token);
        List<Finding> open = [];
        await store.Store.CheckAsync(
            new CheckOptions(),
            finding =>
            {
                open.AddRange(finding.IsOpen && finding.Area != "images" ? [finding] : []);
                return Task.CompletedTask;
            },
            TestStore.Token);
        Assert.Empty(open);
    }

    /// <summary>Overwrites a page of a table that holds rows, in its middle.</summary>
    private static void SpoilOneLeaf(string path, string table)
    {
        long page;
        using (SqliteConnection connection = new($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            checkpoint.ExecuteNonQuery();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'";
            page = (long)command.ExecuteScalar()!;
        }

        using FileStream file = new(path, FileMode.Open);
        byte[] root = ReadPage(file, page);
        Assert.Equal(2, root[0]);
        int cells = BinaryPrimitives.ReadUInt16BigEndian(root.AsSpan(3));
        int cell = BinaryPrimitives.ReadUInt16BigEndian(root.AsSpan(12 + (cells / 2 * 2)));
        file.Position = (BinaryPrimitives.ReadUInt32BigEndian(root.AsSpan(cell)) - 1) * 4096L;
        file.Write(new byte[4096]);
    }

    private static byte[] ReadPage(FileStream file, long page)
    {
        byte[] bytes = new byte[4096];
        file.Position = (page - 1) * bytes.Length;
        file.ReadExactly(bytes);
        return bytes;
    }
}
