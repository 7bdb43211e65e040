using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Distribution.Fetch;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>Large blobs, which are fetched in pieces, and blobs that are elsewhere.</summary>
public sealed class PiecewiseTests
{
    private const int Piece = PiecewiseStream.PieceBytes;
    private const string ForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    private static readonly byte[] Blob = MakeBlob((7 * Piece) + 12345);

    private static readonly RegistryOptions Quick = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(1),
        PiecewiseFromBytes = 3 * Piece,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(Piece + 17)]
    public async Task A_large_blob_comes_in_pieces_in_its_order(int offset)
    {
        await using FaultyRegistry registry = new();
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        byte[] got = await ReadAsync(client, registry, blob, offset);

        Assert.Equal(Blob[offset..], got);
        int pieces = (Blob.Length - offset + Piece - 1) / Piece;
        IEnumerable<string> expected = Enumerable.Range(0, pieces).Select(i => (From: offset + (i * Piece), Index: i))
            .Select(piece => piece.Index < pieces - 1
                ? string.Create(CultureInfo.InvariantCulture, $"bytes={piece.From}-{piece.From + Piece - 1}")
                : string.Create(CultureInfo.InvariantCulture, $"bytes={piece.From}-"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Ranges(registry).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pieces_are_fetched_at_the_same_time_and_only_some_ahead()
    {
        TaskCompletionSource third = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        await using FaultyRegistry registry = new()
        {
            Spoil = (request, answer) =>
            {
                if (request.Headers.ContainsKey("Range") && Interlocked.Increment(ref asked) == 3)
                {
                    third.TrySetResult();
                }

                return answer;
            },
        };
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick with { PiecesAhead = 2 });
        await using Stream stream = await client.OpenBlobAsync(Name(registry), blob, 0, Cancel);

        await third.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        byte[] start = new byte[Piece - 1];
        await stream.ReadExactlyAsync(start, Cancel);

        Assert.Equal(3, Ranges(registry).Count);
    }

    [Fact]
    public async Task A_registry_that_knows_no_ranges_is_asked_once_and_read_as_it_sends()
    {
        await using FaultyRegistry registry = new() { KnowsRanges = false };
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        byte[] got = await ReadAsync(client, registry, blob, 0);

        Assert.Equal(Blob, got);
        Assert.Single(Ranges(registry));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(416)]
    [InlineData(501)]
    public async Task A_registry_that_refuses_pieces_is_asked_for_the_whole(int status)
    {
        await using FaultyRegistry registry = new()
        {
            Spoil = (request, answer) =>
                request.Headers.ContainsKey("Range") ? new ScriptedAnswer(status) : answer,
        };
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        Assert.Equal(Blob, await ReadAsync(client, registry, blob, 0));
    }

    [Fact]
    public async Task A_server_that_sends_more_than_a_piece_is_cut_off()
    {
        await using FaultyRegistry registry = new()
        {
            Spoil = (request, answer) => answer.Status != 206 ? answer : answer with
            {
                Body = Blob[int.Parse(
                    request.Headers["Range"]["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture)..],
            },
        };
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        Assert.Equal(Blob, await ReadAsync(client, registry, blob, 0));
    }

    [Fact]
    public async Task A_piece_whose_connection_breaks_is_taken_up_where_it_broke()
    {
        int breaks = 0;
        await using FaultyRegistry registry = new()
        {
            Spoil = (request, answer) => answer.Status == 206 && answer.Body.Length == Piece
                && Interlocked.Increment(ref breaks) % 2 == 1
                    ? answer with { BreakAfter = 1000, Reset = true }
                    : answer,
        };
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        Assert.Equal(Blob, await ReadAsync(client, registry, blob, 0));
        Assert.InRange(breaks, 7, 20);
    }

    [Fact]
    public async Task A_piece_that_can_not_be_had_ends_the_blob_in_an_error_and_leaves_room_for_others()
    {
        bool spoil = true;
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) =>
            spoil && request.Headers.GetValueOrDefault("Range", "").StartsWith($"bytes={2 * Piece}-", StringComparison.Ordinal)
                ? new ScriptedAnswer(403)
                : answer;
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick with { MaxAttempts = 2 });

        for (int attempt = 0; attempt < 5; attempt++)
        {
            GantryException error = await Assert.ThrowsAsync<GantryException>(
                () => ReadAsync(client, registry, blob, 0));
            Assert.Equal(ErrorKind.PermissionDenied, error.Kind);
        }

        spoil = false;
        Assert.Equal(Blob, await ReadAsync(client, registry, blob, 0));
    }

    [Fact]
    public async Task Many_large_blobs_at_once_all_come_whole()
    {
        await using FaultyRegistry registry = new();
        Descriptor blob = registry.Add("app", MediaTypes.OciLayerGzip, Blob);
        using RegistryClient client = new(Quick);

        byte[][] got = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReadAsync(client, registry, blob, 0)));

        Assert.All(got, bytes => Assert.Equal(blob.Digest, Digest.OfBytes(bytes)));
    }

    [Fact]
    public async Task A_blob_that_the_registry_does_not_have_comes_from_where_its_descriptor_says()
    {
        await using FaultyRegistry registry = new();
        await using FaultyRegistry elsewhere = new();
        byte[] data = MakeBlob(1000);
        Descriptor blob = elsewhere.Add("app", ForeignLayer, data) with
        {
            Urls =
            [
                "ftp://127.0.0.1/layer",
                $"http://{elsewhere.Host}/v2/app/blobs/{Digest.OfBytes([1])}",
                $"http://{elsewhere.Host}/v2/app/blobs/{Digest.OfBytes(data)}",
            ],
        };
        using RegistryClient client = new(Quick with
        {
            PlainHttp = true,
            Credentials = new Auth.FixedCredential(new Auth.RegistryCredential("u", "p")),
            Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Own"] = "1" },
        });

        byte[] got = await ReadAsync(client, registry, blob, 0);

        Assert.Equal(data, got);
        Assert.Equal(2, elsewhere.Requests.Count);
        Assert.All(elsewhere.Requests, request => Assert.False(
            request.Headers.ContainsKey("X-Own") || request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Plain_http_elsewhere_is_not_asked_unless_it_is_allowed()
    {
        await using FaultyRegistry registry = new();
        await using FaultyRegistry elsewhere = new();
        byte[] data = MakeBlob(1000);
        Descriptor blob = elsewhere.Add("app", ForeignLayer, data);
        blob = blob with { Urls = [$"http://{elsewhere.Host}/v2/app/blobs/{blob.Digest}"] };
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(client, registry, blob, 0));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Contains("neither https nor allowed plain http", error.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    private static byte[] MakeBlob(int length)
    {
        byte[] blob = new byte[length];
        new Random(length).NextBytes(blob);
        return blob;
    }

    private static Reference Name(FaultyRegistry registry) => Reference.Parse($"{registry.Host}/app:latest");

    private static List<string> Ranges(FaultyRegistry registry) =>
        [.. registry.Requests.Where(request => request.Path.Contains("/blobs/", StringComparison.Ordinal))
            .Select(request => request.Headers.GetValueOrDefault("Range", ""))];

    private static async Task<byte[]> ReadAsync(
        RegistryClient client, FaultyRegistry registry, Descriptor blob, int offset)
    {
        await using Stream stream = await client.OpenBlobAsync(Name(registry), blob, offset, Cancel);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }
}
