using System.Security.Cryptography;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Content;

public sealed class ContentTests
{
    private static readonly byte[] Large = RandomNumberGenerator.GetBytes((3 << 20) + 17);

    [Fact]
    public async Task What_was_written_is_read_back()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = Digest.OfBytes(Large);
        await using (IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token))
        {
            await writer.WriteAsync(Large.AsMemory(0, 1000), Token);
            await writer.WriteAsync(Large.AsMemory(1000), Token);
            Assert.Equal(digest, writer.CurrentDigest());
            Assert.Equal(Large.Length, writer.Status.Offset);
            await writer.CommitAsync(Large.Length, digest, Label(("a", "1")), Token);
        }

        await store.ReopenAsync();

        await using Stream stream = await store.Default.Content.OpenReaderAsync(digest, Token);
        byte[] read = new byte[Large.Length];
        await stream.ReadExactlyAsync(read, Token);
        Assert.Equal(Large, read);
        Assert.Equal(Large.Length, stream.Length);
        ContentInfo info = await store.Default.Content.InfoAsync(digest, Token);
        Assert.Equal((Large.Length, "1"), (info.Size, info.Labels["a"]));
        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task A_blob_is_a_file_that_nobody_may_write()
    {
        await using TestStore store = await TestStore.OpenAsync();

        Digest digest = await PutAsync(store.Default.Content, "x");

        UnixFileMode mode = File.GetUnixFileMode(Path.Combine(store.Store.ContentRoot, "blobs/sha256", digest.Hex));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, mode);
    }

    [Fact]
    public async Task A_blob_of_nothing_can_be_stored()
    {
        await using TestStore store = await TestStore.OpenAsync();

        Digest digest = await PutAsync(store.Default.Content, "");

        Assert.Equal(0, (await store.Default.Content.InfoAsync(digest, Token)).Size);
        Assert.Equal("", await ReadAsync(store.Default.Content, digest));
    }

    [Fact]
    public async Task A_sha512_digest_is_checked_too()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = Digest.Parse("sha512:" + Convert.ToHexStringLower(SHA512.HashData("x"u8)));
        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("x"u8.ToArray(), Token);

        await writer.CommitAsync(1, digest, NoLabels, Token);

        Assert.Equal("x", await ReadAsync(store.Default.Content, digest));
    }

    [Fact]
    public async Task An_ingest_goes_on_where_it_was_left_after_reopening()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = Digest.OfBytes(Large);
        await using (IContentWriter first =
            await store.Default.Content.OpenWriterAsync("r", Large.Length, digest, Token))
        {
            await first.WriteAsync(Large.AsMemory(0, 2_000_000), Token);
        }

        await store.ReopenAsync();
        IngestStatus status = await store.Default.Content.StatusAsync("r", Token);
        await using IContentWriter writer =
            await store.Default.Content.OpenWriterAsync("r", Large.Length, digest, Token);

        Assert.Equal((2_000_000, Large.Length), (status.Offset, status.Total));
        Assert.Equal(2_000_000, writer.Status.Offset);
        await writer.WriteAsync(Large.AsMemory(2_000_000), Token);
        await writer.CommitAsync(Large.Length, digest, NoLabels, Token);
        Assert.True(store.HasFile(digest));
    }

    [Fact]
    public async Task An_ingest_whose_directory_is_torn_starts_anew()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using (IContentWriter first = await store.Default.Content.OpenWriterAsync("r", 0, default, Token))
        {
            await first.WriteAsync("abc"u8.ToArray(), Token);
        }

        string ingest = Directory.GetDirectories(Path.Combine(store.Store.ContentRoot, "ingest"))[0];
        File.Delete(Path.Combine(ingest, "data"));
        await store.ReopenAsync();

        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        Assert.Equal(0, writer.Status.Offset);
        await writer.WriteAsync("x"u8.ToArray(), Token);
        await writer.CommitAsync(1, Digest.OfBytes("x"u8), NoLabels, Token);
    }

    [Fact]
    public async Task An_ingest_that_no_record_knows_is_removed_at_start()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Directory.CreateDirectory(Path.Combine(store.Store.ContentRoot, "ingest", "stray"));

        await store.ReopenAsync();

        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task Restart_throws_away_what_was_written()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("wrong"u8.ToArray(), Token);

        await writer.RestartAsync(Token);
        await writer.WriteAsync("ok"u8.ToArray(), Token);
        await writer.CommitAsync(2, Digest.OfBytes("ok"u8), NoLabels, Token);

        Assert.Equal("ok", await ReadAsync(store.Default.Content, Digest.OfBytes("ok"u8)));
    }

    [Fact]
    public async Task A_second_writer_of_a_ref_is_told_that_it_is_locked()
    {
        await using TestStore store = await TestStore.OpenAsync();
        IContentWriter first = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);

        GantryException error = await FailsAsync(
            ErrorKind.Unavailable,
            () => store.Default.Content.OpenWriterAsync("r", 0, default, Token));
        await using IContentWriter elsewhere = await store.In("other").Content.OpenWriterAsync("r", 0, default, Token);
        await first.DisposeAsync();
        await using IContentWriter second = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);

        Assert.Matches(@"^ref default/r locked for [0-9.]+s \(since .*\): unavailable$", error.Message);
    }

    [Fact]
    public async Task An_ingest_can_be_thrown_away_under_its_writer()
    {
        await using TestStore store = await TestStore.OpenAsync();
        IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("abc"u8.ToArray(), Token);

        await store.Default.Content.AbortAsync("r", Token);

        await FailsAsync(ErrorKind.NotFound, () => writer.WriteAsync("d"u8.ToArray(), Token).AsTask());
        await FailsAsync(ErrorKind.NotFound, () => writer.CommitAsync(3, default, NoLabels, Token));
        await writer.DisposeAsync();
        Assert.Equal(0, store.IngestDirectories());
        await using IContentWriter again = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        Assert.Equal(0, again.Status.Offset);
    }

    [Fact]
    public async Task An_ingest_keeps_the_size_that_it_was_begun_with()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using (IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token))
        {
            await writer.WriteAsync("abc"u8.ToArray(), Token);
        }

        await using (IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 9, default, Token))
        {
            Assert.Equal(3, writer.Status.Offset);
        }

        await using IContentWriter last = await store.Default.Content.OpenWriterAsync("r", 3, default, Token);
        Assert.Equal((3, 0), (last.Status.Offset, last.Status.Total));
    }

    [Fact]
    public async Task A_wrong_size_keeps_the_ingest()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("abc"u8.ToArray(), Token);

        GantryException error = await FailsAsync(
            ErrorKind.FailedPrecondition,
            () => writer.CommitAsync(4, default, NoLabels, Token));

        Assert.Equal("\"r\" failed size validation: 3 != 4: failed precondition", error.Message);
        Assert.Equal(3, (await store.Default.Content.StatusAsync("r", Token)).Offset);
    }

    [Fact]
    public async Task A_wrong_digest_keeps_the_ingest_and_makes_no_blob()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest expected = Digest.OfBytes("abd"u8);
        Digest actual = Digest.OfBytes("abc"u8);
        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("abc"u8.ToArray(), Token);

        GantryException error = await FailsAsync(
            ErrorKind.FailedPrecondition,
            () => writer.CommitAsync(3, expected, NoLabels, Token));

        Assert.Equal($"unexpected commit digest {actual}, expected {expected}: failed precondition", error.Message);
        Assert.False(store.HasFile(expected) || store.HasFile(actual));
        Assert.Single(await store.Default.Content.ListStatusesAsync([], Token));
    }

    [Fact]
    public async Task Opening_a_writer_for_a_blob_that_is_there_reports_AlreadyExists_and_drops_the_ingest()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await (await store.Default.Content.OpenWriterAsync("r", 0, default, Token)).DisposeAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");

        GantryException error = await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Default.Content.OpenWriterAsync("r", 0, digest, Token));

        Assert.Equal($"content {digest}: already exists", error.Message);
        Assert.Empty(await store.Default.Content.ListStatusesAsync([], Token));
        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task Of_two_writers_of_the_same_bytes_the_second_is_told_AlreadyExists()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = Digest.OfBytes("x"u8);
        await using IContentWriter one = await store.Default.Content.OpenWriterAsync("1", 0, default, Token);
        await using IContentWriter two = await store.Default.Content.OpenWriterAsync("2", 0, default, Token);
        await one.WriteAsync("x"u8.ToArray(), Token);
        await two.WriteAsync("x"u8.ToArray(), Token);
        await one.CommitAsync(1, digest, NoLabels, Token);

        await FailsAsync(ErrorKind.AlreadyExists, () => two.CommitAsync(1, digest, NoLabels, Token));

        Assert.Equal("x", await ReadAsync(store.Default.Content, digest));
        Assert.Empty(await store.Default.Content.ListStatusesAsync([], Token));
    }

    [Fact]
    public async Task A_blob_of_another_namespace_appears_without_being_written_again()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "shared");

        await using IContentWriter writer = await store.In("other").Content.OpenWriterAsync("r", 0, digest, Token);
        Assert.Equal((6, 6), (writer.Status.Offset, writer.Status.Total));
        await FailsAsync(ErrorKind.NotFound, () => store.In("other").Content.InfoAsync(digest, Token));
        await writer.CommitAsync(0, digest, NoLabels, Token);

        Assert.Equal("shared", await ReadAsync(store.In("other").Content, digest));
    }

    [Fact]
    public async Task A_shared_blob_can_be_written_on()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "ab");
        await using IContentWriter writer = await store.In("other").Content.OpenWriterAsync("r", 0, digest, Token);

        await writer.WriteAsync("c"u8.ToArray(), Token);
        await writer.CommitAsync(3, Digest.OfBytes("abc"u8), NoLabels, Token);

        Assert.Equal("abc", await ReadAsync(store.In("other").Content, Digest.OfBytes("abc"u8)));
    }

    [Fact]
    public async Task Isolated_namespaces_share_only_what_is_labelled_so()
    {
        await using TestStore store = await TestStore.OpenAsync(ContentSharing.Isolated);
        Digest digest = await PutAsync(store.Default.Content, "x");
        await using (IContentWriter closed = await store.In("other").Content.OpenWriterAsync("r", 0, digest, Token))
        {
            Assert.Equal(0, closed.Status.Offset);
        }

        await store.Store.Namespaces.UpdateAsync(
            new(Core.Namespaces.Namespace.Default, Label(("containerd.io/namespace.shareable", "true"))),
            FieldMask.Empty,
            Token);

        await using IContentWriter open = await store.In("other").Content.OpenWriterAsync("s", 0, digest, Token);
        Assert.Equal(1, open.Status.Offset);
    }

    [Fact]
    public async Task Labels_are_changed_by_path_or_all_at_once()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x", ("a", "1"), ("b", "2"));
        ContentInfo info = await store.Default.Content.InfoAsync(digest, Token);

        ContentInfo byPath = await store.Default.Content.UpdateAsync(
            info with { Labels = Label(("c.d", "3"), ("b", "")) },
            new FieldMask(["labels.c.d", "labels.b"]),
            Token);
        ContentInfo all = await store.Default.Content.UpdateAsync(
            info with { Labels = Label(("z", "9")), Size = 77 },
            FieldMask.Empty,
            Token);

        Assert.Equal(Label(("a", "1"), ("c.d", "3")), byPath.Labels);
        Assert.Equal(Label(("z", "9")), all.Labels);
        Assert.Equal(1, all.Size);
        await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Content.UpdateAsync(info, new FieldMask(["size"]), Token));
    }

    [Fact]
    public async Task A_deleted_blob_is_gone_at_once_and_its_file_with_the_next_collection()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");
        await PutAsync(store.In("other").Content, "x");
        await store.In("other").Images.CreateAsync(Image("i", digest), Token);

        await store.Default.Content.DeleteAsync(digest, Token);
        await store.CollectAsync();
        await FailsAsync(ErrorKind.NotFound, () => store.Default.Content.OpenReaderAsync(digest, Token));
        Assert.True(store.HasFile(digest));

        await store.In("other").Content.DeleteAsync(digest, Token);
        await store.CollectAsync();
        Assert.False(store.HasFile(digest));
    }

    [Fact]
    public async Task An_aborted_ingest_leaves_nothing()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await (await store.Default.Content.OpenWriterAsync("r", 0, default, Token)).DisposeAsync();

        await store.Default.Content.AbortAsync("r", Token);

        GantryException error =
            await FailsAsync(ErrorKind.NotFound, () => store.Default.Content.StatusAsync("r", Token));
        Assert.Equal("reference r: not found", error.Message);
        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task List_goes_through_more_than_a_page()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 1100).Select(i => PutAsync(store.Default.Content, $"blob {i}")));

        List<ContentInfo> all = [];
        await foreach (ContentInfo info in store.Default.Content.ListAsync([], Token))
        {
            all.Add(info);
        }

        Assert.Equal(1100, all.Count);
        Assert.Equal(all.Select(info => info.Digest.ToString()).Order(StringComparer.Ordinal), all.Select(i => i.Digest.ToString()));
    }

    [Fact]
    public async Task A_writer_without_a_ref_is_an_InvalidArgument()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Content.OpenWriterAsync("", 0, default, Token));

        Assert.Equal("ref must not be empty: invalid argument", error.Message);
    }

    [Fact]
    public async Task A_label_that_is_too_long_keeps_the_ingest()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await using IContentWriter writer = await store.Default.Content.OpenWriterAsync("r", 0, default, Token);
        await writer.WriteAsync("x"u8.ToArray(), Token);

        await FailsAsync(
            ErrorKind.InvalidArgument,
            () => writer.CommitAsync(1, default, Label(("k", new string('v', 4096))), Token));
        await writer.CommitAsync(1, default, NoLabels, Token);

        Assert.True(store.HasFile(Digest.OfBytes("x"u8)));
    }
}
