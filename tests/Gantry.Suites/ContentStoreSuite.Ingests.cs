using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Suites;

/// <summary>Ingests: how a blob comes to be.</summary>
public abstract partial class ContentStoreSuite
{
    [Fact]
    public async Task A_writer_tells_how_far_it_has_come()
    {
        byte[] data = NewBytes(3000);
        await using IContentWriter writer = await Content.OpenWriterAsync("told", data.Length, default, Token);
        Assert.Equal(0, writer.Status.Offset);

        await writer.WriteAsync(data.AsMemory(0, 1000), Token);
        await writer.WriteAsync(data.AsMemory(1000, 500), Token);

        Assert.Equal(1500, writer.Status.Offset);
        Assert.Equal(Digest.OfBytes(data.AsSpan(0, 1500)), writer.CurrentDigest());
        IngestStatus status = await Content.StatusAsync("told", Token);
        Assert.Equal(("told", 1500L, 3000L), (status.Ref, status.Offset, status.Total));
        Assert.True(status.UpdatedAt >= status.StartedAt);
        await FailsAsync(
            ErrorKind.NotFound, "not found$", () => Content.InfoAsync(Digest.OfBytes(data.AsSpan(0, 1500)), Token));
    }

    [Fact]
    public async Task An_ingest_is_gone_on_with_by_its_ref()
    {
        byte[] data = NewBytes(3 << 20);
        Digest digest = Digest.OfBytes(data);
        await using (IContentWriter first = await Content.OpenWriterAsync("on", data.Length, digest, Token))
        {
            await first.WriteAsync(data.AsMemory(0, 1_000_000), Token);
        }

        await using (IContentWriter second = await Content.OpenWriterAsync("on", data.Length, digest, Token))
        {
            Assert.Equal(1_000_000, second.Status.Offset);
            await second.WriteAsync(data.AsMemory(1_000_000), Token);
            await second.CommitAsync(data.Length, digest, NoLabels, Token);
        }

        Assert.Equal(data, await ReadAsync(Content, digest));
        await FailsAsync(ErrorKind.NotFound, "not found$", () => Content.StatusAsync("on", Token));
    }

    [Fact]
    public async Task A_restarted_ingest_holds_only_what_came_after()
    {
        byte[] data = NewBytes(1000);
        await using IContentWriter writer = await Content.OpenWriterAsync("anew", 0, default, Token);
        await writer.WriteAsync(NewBytes(5000), Token);

        await writer.RestartAsync(Token);
        Assert.Equal(0, writer.Status.Offset);
        await writer.WriteAsync(data, Token);
        await writer.CommitAsync(data.Length, Digest.OfBytes(data), NoLabels, Token);

        Assert.Equal(data, await ReadAsync(Content, Digest.OfBytes(data)));
    }

    [Fact]
    public async Task A_ref_has_one_writer_at_a_time_in_its_namespace()
    {
        IContentStore other = await OpenAsync(NewNamespace());
        await using (IContentWriter first = await Content.OpenWriterAsync("one", 0, default, Token))
        {
            await FailsAsync(
                ErrorKind.Unavailable,
                "^ref .*one locked.*: unavailable$",
                () => Content.OpenWriterAsync("one", 0, default, Token));
            await using IContentWriter elsewhere = await other.OpenWriterAsync("one", 0, default, Token);
        }

        await using IContentWriter second = await Content.OpenWriterAsync("one", 0, default, Token);
        Assert.Equal(0, second.Status.Offset);
    }

    [Fact]
    public async Task Only_one_of_many_who_open_a_ref_at_once_gets_it()
    {
        IContentWriter?[] writers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return await Content.OpenWriterAsync("race", 0, default, Token);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
            {
                return null;
            }
        }));

        IContentWriter won = Assert.Single(writers.OfType<IContentWriter>());
        await won.DisposeAsync();
    }

    [Fact]
    public async Task A_ref_can_be_any_text_but_none()
    {
        byte[] data = NewBytes(10);
        const string Odd = "layer-sha256:x /é\t\"quoted\" ../..";
        await using (IContentWriter writer = await Content.OpenWriterAsync(Odd, 0, default, Token))
        {
            await writer.WriteAsync(data, Token);
            Assert.Equal(Odd, Assert.Single(await Content.ListStatusesAsync([], Token)).Ref);
            await writer.CommitAsync(10, Digest.OfBytes(data), NoLabels, Token);
        }

        await FailsAsync(ErrorKind.InvalidArgument, "invalid argument$", () => Content.OpenWriterAsync("", 0, default, Token));
    }

    [Fact]
    public async Task A_commit_of_the_wrong_size_or_digest_makes_no_blob()
    {
        byte[] data = NewBytes(100);
        Digest wrong = Digest.OfBytes(NewBytes(100));
        await using (IContentWriter size = await Content.OpenWriterAsync("size", 0, default, Token))
        {
            await size.WriteAsync(data, Token);
            await FailsAsync(
                ErrorKind.FailedPrecondition,
                "failed size validation: 100 != 99: failed precondition$",
                () => size.CommitAsync(99, default, NoLabels, Token));
        }

        await using (IContentWriter digest = await Content.OpenWriterAsync("digest", 0, default, Token))
        {
            await digest.WriteAsync(data, Token);
            await FailsAsync(
                ErrorKind.FailedPrecondition,
                $"unexpected commit digest {Digest.OfBytes(data)}, expected {wrong}: failed precondition$",
                () => digest.CommitAsync(100, wrong, NoLabels, Token));
        }

        Assert.Empty(await FindAsync());
    }

    [Fact]
    public async Task A_writer_for_a_blob_that_is_there_is_AlreadyExists_and_its_ingest_is_gone()
    {
        byte[] data = NewBytes(100);
        await (await Content.OpenWriterAsync("late", 0, default, Token)).DisposeAsync();
        Digest digest = await PutAsync(Content, data);

        await FailsAsync(
            ErrorKind.AlreadyExists,
            $"^content {digest}: already exists$",
            () => Content.OpenWriterAsync("late", data.Length, digest, Token));

        if (!IsReference)
        {
            Assert.Empty(await Content.ListStatusesAsync([], Token));
        }
    }

    [Fact]
    public async Task A_commit_of_a_blob_that_is_there_is_AlreadyExists_and_leaves_it()
    {
        byte[] data = NewBytes(100);
        await using IContentWriter writer = await Content.OpenWriterAsync("second", 0, default, Token);
        await writer.WriteAsync(data, Token);
        Digest digest = await PutAsync(Content, data, ("a", "1"));

        await FailsAsync(
            ErrorKind.AlreadyExists,
            $"{digest}.*: already exists$",
            () => writer.CommitAsync(data.Length, digest, Label(("b", "2")), Token));

        Assert.Equal(Label(("a", "1")), (await Content.InfoAsync(digest, Token)).Labels);
        Assert.Equal(data, await ReadAsync(Content, digest));
    }

    [Fact]
    public async Task Many_who_store_the_same_blob_at_once_store_it()
    {
        byte[] data = NewBytes(200_000);
        Digest digest = Digest.OfBytes(data);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
        {
            try
            {
                await using IContentWriter writer = await Content.OpenWriterAsync($"w{i}", 0, default, Token);
                await writer.WriteAsync(data, Token);
                await writer.CommitAsync(data.Length, digest, NoLabels, Token);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
            {
                // Another was first.
            }
        }));

        Assert.Equal(data, await ReadAsync(Content, digest));
        Assert.Equal([digest], await FindAsync());
    }

    [Fact]
    public async Task Ingests_are_listed_by_filters_and_thrown_away_one_by_one()
    {
        foreach (string reference in (string[])["pull-1", "pull-2", "push-1"])
        {
            await using IContentWriter writer = await Content.OpenWriterAsync(reference, 0, default, Token);
            await writer.WriteAsync(Utf8(reference), Token);
        }

        Assert.Equal(["pull-1", "pull-2", "push-1"], await RefsAsync());
        Assert.Equal(["push-1"], await RefsAsync("ref==push-1"));
        Assert.Equal(["pull-1", "pull-2"], await RefsAsync("ref~=^pull"));
        await Content.AbortAsync("pull-1", Token);
        Assert.Equal(["pull-2", "push-1"], await RefsAsync());
        await FailsAsync(ErrorKind.NotFound, "pull-1.*not found$", () => Content.StatusAsync("pull-1", Token));
        await FailsAsync(ErrorKind.NotFound, "pull-1.*not found$", () => Content.AbortAsync("pull-1", Token));
        await using IContentWriter anew = await Content.OpenWriterAsync("pull-1", 0, default, Token);
        Assert.Equal(0, anew.Status.Offset);
    }

    [Fact]
    public async Task A_label_that_is_too_long_is_refused_at_commit()
    {
        byte[] data = NewBytes(10);
        await using IContentWriter writer = await Content.OpenWriterAsync("label", 0, default, Token);
        await writer.WriteAsync(data, Token);

        await FailsAsync(
            ErrorKind.InvalidArgument,
            "label key and value .*: invalid argument$",
            () => writer.CommitAsync(10, default, Label(("a", new string('x', 4097))), Token));

        Assert.Empty(await FindAsync());
    }

    private async Task<IReadOnlyList<string>> RefsAsync(params string[] filters) =>
        [.. (await Content.ListStatusesAsync(filters, Token)).Select(status => status.Ref).Order(StringComparer.Ordinal)];
}
