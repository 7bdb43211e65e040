using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Oci.Image;
using Gantry.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gantry.Storage.Tests.Doctor;

public sealed class StoreDoctorTests
{
    [Fact]
    public async Task A_store_in_order_has_nothing_open()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await TestStore.PutAsync(store.Default.Content, "blob");
        await store.Default.Images.CreateAsync(
            new("image", new Descriptor("application/octet-stream", digest, 4), TestStore.NoLabels), TestStore.Token);
        await store.Default.Snapshots("overlayfs").PrepareAsync("s", "", TestStore.NoLabels, TestStore.Token);
        await store.Default.Containers.CreateAsync(TestStore.Container("c", "overlayfs", "s"), TestStore.Token);

        Assert.DoesNotContain(await CheckAsync(store), finding => finding.IsOpen);
    }

    [Fact]
    public async Task A_blob_that_is_spoiled_is_set_aside_so_that_it_can_be_written_again()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await TestStore.PutAsync(store.Default.Content, "blob");
        SpoiledFile.Flip(BlobPath(store, digest));

        Finding found = Assert.Single(await CheckAsync(store), finding => finding.IsOpen);
        Finding repaired = Assert.Single(
            await CheckAsync(store, repair: true), finding => finding.Outcome == FindingOutcome.Repaired);

        Assert.Equal((FindingSeverity.Error, "content", digest.ToString()), (found.Severity, found.Area, found.Subject));
        Assert.Equal(digest.ToString(), repaired.Subject);
        Assert.False(store.HasFile(digest));
        Assert.True(File.Exists(Path.Combine(store.Root, "root", "quarantine", "sha256-" + digest.Hex)));
        await TestStore.FailsAsync(ErrorKind.NotFound, () => store.Default.Content.InfoAsync(digest, TestStore.Token));
        await TestStore.PutAsync(store.Default.Content, "blob");
        Assert.Equal("blob", await TestStore.ReadAsync(store.Default.Content, digest));
    }

    [Fact]
    public async Task A_quick_check_sees_a_size_that_is_wrong_and_no_bytes()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest spoiled = await TestStore.PutAsync(store.Default.Content, "spoiled");
        Digest cut = await TestStore.PutAsync(store.Default.Content, "short");
        SpoiledFile.Flip(BlobPath(store, spoiled));
        using (FileStream file = new(BlobPath(store, cut), FileMode.Open))
        {
            file.SetLength(2);
        }

        Finding found = Assert.Single(await CheckAsync(store, quick: true), finding => finding.IsOpen);

        Assert.Equal(cut.ToString(), found.Subject);
    }

    [Fact]
    public async Task A_record_without_a_file_is_removed_and_a_file_without_a_record_collected()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest lost = await TestStore.PutAsync(store.Default.Content, "lost", ("containerd.io/gc.root", "yes"));
        File.Delete(BlobPath(store, lost));
        Digest unknown = Digest.OfBytes("unknown"u8);
        await File.WriteAllTextAsync(BlobPath(store, unknown), "unknown", TestStore.Token);

        List<Finding> found = [.. (await CheckAsync(store, repair: true)).Where(f => f.Severity != FindingSeverity.Info)];

        Assert.Equal(
            [lost.ToString(), unknown.ToString()],
            found.OrderByDescending(finding => finding.Severity).Select(finding => finding.Subject));
        Assert.All(found, finding => Assert.Equal(FindingOutcome.Repaired, finding.Outcome));
        Assert.False(store.HasFile(unknown));
        await TestStore.FailsAsync(ErrorKind.NotFound, () => store.Default.Content.InfoAsync(lost, TestStore.Token));
        Assert.DoesNotContain(await CheckAsync(store), finding => finding.IsOpen);
    }

    [Theory]
    [InlineData("DELETE FROM reference WHERE kind = 4")]
    [InlineData("UPDATE reference SET other_key = 'sha256:0' WHERE kind = 3")]
    [InlineData("INSERT INTO reference VALUES (99999999, 'default', 4, 'gone', 4, 1, 'sha256:1')")]
    [InlineData("DELETE FROM reference WHERE kind = 2")]
    public async Task References_that_are_not_what_records_say_are_written_anew(string damage)
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await TestStore.PutAsync(store.Default.Content, "blob");
        await store.Default.Images.CreateAsync(
            new("image", new Descriptor("application/octet-stream", digest, 4), TestStore.NoLabels), TestStore.Token);
        await store.Default.Snapshots("overlayfs").PrepareAsync("s", "", TestStore.NoLabels, TestStore.Token);
        await store.Default.Snapshots("overlayfs").CommitAsync("base", "s", "", TestStore.NoLabels, TestStore.Token);
        await store.Default.Snapshots("overlayfs").PrepareAsync("t", "base", TestStore.NoLabels, TestStore.Token);
        await store.Default.Containers.CreateAsync(TestStore.Container("c", "overlayfs", "t"), TestStore.Token);
        Execute(store, damage);

        Assert.Contains(await CheckAsync(store), finding => finding.IsOpen && finding.Area == "database");
        Assert.Contains(await CheckAsync(store, repair: true), f => f.Outcome == FindingOutcome.Repaired);
        Assert.DoesNotContain(await CheckAsync(store), finding => finding.IsOpen);
        await store.CollectAsync();
        await store.Default.Content.InfoAsync(digest, TestStore.Token);
    }

    [Fact]
    public async Task A_snapshot_without_a_directory_is_removed_with_those_on_top_unless_a_container_needs_one()
    {
        await using TestStore store = await TestStore.OpenAsync();
        foreach (string name in new[] { "free", "held" })
        {
            await store.Default.Snapshots("overlayfs").PrepareAsync(name + "-key", "", TestStore.NoLabels, TestStore.Token);
            await store.Default.Snapshots("overlayfs")
                .CommitAsync(name, name + "-key", "", TestStore.NoLabels, TestStore.Token);
            await store.Default.Snapshots("overlayfs").PrepareAsync(name + "-top", name, TestStore.NoLabels, TestStore.Token);
        }

        await store.Default.Containers.CreateAsync(TestStore.Container("c", "overlayfs", "held-top"), TestStore.Token);
        Directory.Delete(Path.Combine(store.Driver.Root, "1"));
        Directory.Delete(Path.Combine(store.Driver.Root, "3"));

        List<Finding> found = [.. (await CheckAsync(store, repair: true)).Where(f => f.Severity != FindingSeverity.Info)];

        Assert.Equal(
            [("default: overlayfs/free", FindingOutcome.Repaired), ("default: overlayfs/held", FindingOutcome.NotRepaired)],
            found.Select(finding => (finding.Subject, finding.Outcome)).Order());
        Assert.Contains("container c", found.Single(f => f.Outcome == FindingOutcome.NotRepaired).Detail, StringComparison.Ordinal);
        await TestStore.FailsAsync(
            ErrorKind.NotFound,
            () => store.Default.Snapshots("overlayfs").StatAsync("free-top", TestStore.Token));
        await store.Default.Snapshots("overlayfs").StatAsync("held-top", TestStore.Token);
        Assert.Equal([4], store.Driver.Ids);
    }

    [Fact]
    public async Task A_directory_without_a_snapshot_is_removed_when_it_is_older_than_the_start()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync("s", "", TestStore.NoLabels, TestStore.Token);
        Directory.CreateDirectory(Path.Combine(store.Driver.Root, "7"));
        await store.ReopenAsync();
        Directory.CreateDirectory(Path.Combine(store.Driver.Root, "9"));

        List<Finding> found = [.. (await CheckAsync(store, repair: true)).Where(f => f.Severity != FindingSeverity.Info)];

        Assert.Equal(2, found.Count);
        Assert.Single(found, finding => finding.Outcome == FindingOutcome.NotRepaired);
        Assert.Equal([1, 9], store.Driver.Ids);
    }

    [Fact]
    public async Task An_ingest_whose_time_has_passed_is_aborted_unless_it_has_a_writer()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using (IContentWriter stale =
            await store.Default.Content.OpenWriterAsync("stale", 10, default, TestStore.Token))
        {
            await stale.WriteAsync("abc"u8.ToArray(), TestStore.Token);
        }

        await using IContentWriter live = await store.Default.Content.OpenWriterAsync("live", 10, default, TestStore.Token);
        store.Time.Advance(TimeSpan.FromHours(25));

        Finding found = Assert.Single(
            await CheckAsync(store, repair: true), finding => finding.Severity != FindingSeverity.Info);

        Assert.Equal(("default: stale", FindingOutcome.Repaired), (found.Subject, found.Outcome));
        Assert.Equal(1, store.IngestDirectories());
    }

    [Fact]
    public async Task An_image_whose_content_is_not_here_is_told()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(TestStore.Image("image", Digest.OfBytes("x"u8)), TestStore.Token);

        Finding found = Assert.Single(await CheckAsync(store), finding => finding.IsOpen);

        Assert.Equal(("images", "default: image"), (found.Area, found.Subject));
    }

    [Fact]
    public async Task A_database_with_a_spoiled_page_is_told_and_not_touched()
    {
        await using TestStore store = await TestStore.OpenAsync();
        for (int i = 0; i < 200; i++)
        {
            await store.Default.Containers.CreateAsync(TestStore.Container($"c{i}"), TestStore.Token);
        }

        string path = store.Store.DatabasePath;
        await store.Store.DisposeAsync();
        SpoiledFile.Flip(path, new FileInfo(path).Length - 4096, 4096);
        await store.ReopenClosedAsync();

        Finding found = (await CheckAsync(store, repair: true)).First(finding => finding.IsOpen);

        Assert.Equal((FindingSeverity.Error, "database"), (found.Severity, found.Area));
        Assert.Contains("gantryd rebuild", found.Remedy, StringComparison.Ordinal);
    }

    private static string BlobPath(TestStore store, Digest digest) =>
        Path.Combine(store.Store.ContentRoot, "blobs", digest.Algorithm, digest.Hex);

    private static async Task<List<Finding>> CheckAsync(TestStore store, bool repair = false, bool quick = false)
    {
        List<Finding> findings = [];
        await store.Store.CheckAsync(
            new CheckOptions(repair, quick),
            finding =>
            {
                findings.Add(finding);
                return Task.CompletedTask;
            },
            TestStore.Token);
        return findings;
    }

    private static void Execute(TestStore store, string sql)
    {
        using SqliteConnection connection = new($"Data Source={store.Store.DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The damage that the test does.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
