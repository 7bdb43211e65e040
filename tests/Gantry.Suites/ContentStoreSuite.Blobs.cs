using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Suites;

/// <summary>Blobs: info, labels, lists, ranges, removal.</summary>
public abstract partial class ContentStoreSuite
{
    [Fact]
    public async Task A_blob_has_the_bytes_size_labels_and_times_that_it_was_stored_with()
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        byte[] data = NewBytes((9 << 20) + 3);

        Digest digest = await PutAsync(Content, data, ("a", "1"), ("b.c/d", "2"));

        ContentInfo info = await Content.InfoAsync(digest, Token);
        Assert.Equal((digest, data.Length), (info.Digest, info.Size));
        Assert.Equal(Label(("a", "1"), ("b.c/d", "2")), info.Labels);
        Assert.InRange(info.CreatedAt, before, TimeProvider.System.GetUtcNow());
        Assert.InRange(info.UpdatedAt, before, TimeProvider.System.GetUtcNow());
        Assert.Equal(data, await ReadAsync(Content, digest));
    }

    [Fact]
    public async Task A_blob_of_nothing_can_be_stored()
    {
        await using (IContentWriter writer = await Content.OpenWriterAsync("nothing", 0, default, Token))
        {
            await writer.CommitAsync(0, Digest.OfBytes([]), NoLabels, Token);
        }

        Assert.Equal(0, (await Content.InfoAsync(Digest.OfBytes([]), Token)).Size);
        Assert.Empty(await ReadAsync(Content, Digest.OfBytes([])));
    }

    [Fact]
    public async Task A_blob_is_read_from_anywhere()
    {
        byte[] data = NewBytes((3 << 20) + 5);
        Digest digest = await PutAsync(Content, data);
        await using Stream stream = await Content.OpenReaderAsync(digest, Token);
        byte[] part = new byte[1000];

        foreach (int offset in (int[])[0, 1 << 20, 5, data.Length - part.Length, 12345])
        {
            stream.Position = offset;
            await stream.ReadExactlyAsync(part, Token);
            Assert.Equal(data[offset..(offset + part.Length)], part);
        }

        stream.Seek(0, SeekOrigin.End);
        Assert.Equal(0, await stream.ReadAsync(part, Token));
        Assert.Equal(data.Length, stream.Length);
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_NotFound_in_every_call()
    {
        Digest digest = Digest.OfBytes(NewBytes(10));
        string pattern = $"{digest}.*: not found$";

        await FailsAsync(ErrorKind.NotFound, pattern, () => Content.InfoAsync(digest, Token));
        await FailsAsync(ErrorKind.NotFound, pattern, () => Content.OpenReaderAsync(digest, Token));
        await FailsAsync(ErrorKind.NotFound, pattern, () => Content.DeleteAsync(digest, Token));
        await FailsAsync(
            ErrorKind.NotFound,
            pattern,
            () => Content.UpdateAsync(new ContentInfo(digest, 0, default, default, NoLabels), FieldMask.Empty, Token));
    }

    [Fact]
    public async Task A_deleted_blob_is_gone_and_can_be_stored_again()
    {
        byte[] data = NewBytes(100);
        Digest digest = await PutAsync(Content, data, ("a", "1"));

        await Content.DeleteAsync(digest, Token);
        await FailsAsync(ErrorKind.NotFound, "not found$", () => Content.InfoAsync(digest, Token));
        Assert.Empty(await FindAsync());

        await using (IContentWriter writer = await Content.OpenWriterAsync("again", data.Length, digest, Token))
        {
            if (writer.Status.Offset == 0)
            {
                await writer.WriteAsync(data, Token);
            }

            await writer.CommitAsync(data.Length, digest, Label(("b", "2")), Token);
        }

        Assert.Equal(Label(("b", "2")), (await Content.InfoAsync(digest, Token)).Labels);
        Assert.Equal(data, await ReadAsync(Content, digest));
    }

    [Fact]
    public async Task Labels_of_a_blob_change_by_path_or_all_at_once()
    {
        Digest digest = await PutAsync(Content, NewBytes(10), ("a", "1"), ("b", "2"));
        ContentInfo info = await Content.InfoAsync(digest, Token);

        ContentInfo byPath = await Content.UpdateAsync(
            info with { Labels = Label(("b", ""), ("c.d/e", "3"), ("ignored", "4")) },
            new FieldMask(["labels.b", "labels.c.d/e"]),
            Token);
        ContentInfo whole = await Content.UpdateAsync(
            info with { Labels = Label(("y", "8")) }, new FieldMask(["labels"]), Token);
        ContentInfo all = await Content.UpdateAsync(
            info with { Labels = Label(("z", "9")), Size = 77 }, FieldMask.Empty, Token);

        Assert.Equal(Label(("a", "1"), ("c.d/e", "3")), byPath.Labels);
        Assert.Equal(Label(("y", "8")), whole.Labels);
        Assert.Equal(Label(("z", "9")), all.Labels);
        Assert.Equal((info.Size, info.CreatedAt), (all.Size, all.CreatedAt));
        Assert.True(all.UpdatedAt >= info.UpdatedAt);
    }

    [Fact]
    public async Task Updates_of_a_blob_that_can_not_be_are_refused()
    {
        Digest digest = await PutAsync(Content, NewBytes(10), ("a", "1"));
        ContentInfo info = await Content.InfoAsync(digest, Token);

        await FailsAsync(
            ErrorKind.InvalidArgument,
            "^cannot update \"size\" field on content info \".*\": invalid argument$",
            () => Content.UpdateAsync(info, new FieldMask(["size"]), Token));
        await FailsAsync(
            ErrorKind.InvalidArgument,
            "label key and value .*: invalid argument$",
            () => Content.UpdateAsync(
                info with { Labels = Label(("a", new string('x', 4097))) }, new FieldMask(["labels.a"]), Token));

        Assert.Equal(Label(("a", "1")), (await Content.InfoAsync(digest, Token)).Labels);
    }

    [Fact]
    public async Task Filters_find_blobs_by_digest_and_label()
    {
        Digest one = await PutAsync(Content, NewBytes(10), ("x.y/z", "1"));
        Digest two = await PutAsync(Content, NewBytes(20), ("x.y/z", "2"));
        Digest three = await PutAsync(Content, NewBytes(30));

        Assert.Equivalent(new[] { one, two, three }, await FindAsync());
        Assert.Equal([two], await FindAsync($"digest=={two}"));
        Assert.Equal([one], await FindAsync("labels.\"x.y/z\"==1"));
        Assert.Equivalent(new[] { one, two }, await FindAsync("labels.\"x.y/z\""));
        Assert.Equivalent(new[] { two, three }, await FindAsync("labels.\"x.y/z\"!=1"));
        Assert.Equivalent(new[] { one, three }, await FindAsync("labels.\"x.y/z\"==1", $"digest=={three}"));
        Assert.Empty(await FindAsync($"digest=={one},labels.\"x.y/z\"==2"));
        await FailsAsync(ErrorKind.InvalidArgument, "invalid argument$", () => FindAsync("digest=x"));
    }

    [Fact]
    public async Task A_list_of_several_batches_has_every_blob_once()
    {
        // The daemons send a hundred at a time.
        HashSet<Digest> stored =
            [.. await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => PutAsync(Content, NewBytes(16))))];

        Assert.Equal(stored, await FindAsync());
    }

    [Fact]
    public async Task Blobs_of_one_namespace_are_not_those_of_another_until_they_are_named()
    {
        byte[] data = NewBytes(100);
        Digest digest = await PutAsync(Content, data);
        IContentStore other = await OpenAsync(NewNamespace());

        await FailsAsync(ErrorKind.NotFound, "not found$", () => other.InfoAsync(digest, Token));
        await using (IContentWriter writer = await other.OpenWriterAsync("shared", data.Length, digest, Token))
        {
            Assert.Equal(data.Length, writer.Status.Offset);
            await FailsAsync(ErrorKind.NotFound, "not found$", () => other.OpenReaderAsync(digest, Token));
            await writer.CommitAsync(data.Length, digest, NoLabels, Token);
        }

        Assert.Equal(data, await ReadAsync(other, digest));
        await other.DeleteAsync(digest, Token);
        Assert.Equal(data, await ReadAsync(Content, digest));
    }
}
