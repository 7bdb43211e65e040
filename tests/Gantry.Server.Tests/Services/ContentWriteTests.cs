using Gantry.Api.Services.Content;
using Gantry.Oci.Image;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Gantry.Server.Tests.Services;

public sealed class ContentWriteTests : IAsyncLifetime
{
    private static readonly byte[] Data = "hello, world"u8.ToArray();
    private static readonly string DataDigest = Digest.OfBytes(Data).ToString();

    private DaemonHarness _daemon = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Content.ContentClient Client => new(_daemon.Calls);

    public async ValueTask InitializeAsync() => _daemon = await DaemonHarness.StartAsync(Token);

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task The_first_message_names_the_ref()
    {
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => WriteAsync("a", Stat("")));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.StartsWith("first message must have a reference", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_say_where_the_ingest_stands()
    {
        List<WriteContentResponse> answers = await WriteAsync(
            "a",
            Stat("r"),
            Write("r", 0, Data[..5]),
            Write("r", 5, Data[5..]),
            Commit("r", Data.Length, Data.Length, DataDigest));

        Assert.Equal([0, 5, Data.Length, Data.Length], answers.Select(answer => answer.Offset));
        Assert.Equal(DataDigest, answers[^1].Digest);
        InfoResponse info = await Client.InfoAsync(
            new InfoRequest { Digest = DataDigest },
            DaemonHarness.In("a"),
            cancellationToken: Token);
        Assert.Equal(Data.Length, info.Info.Size);
    }

    [Fact]
    public async Task A_write_elsewhere_than_at_the_end_is_out_of_range()
    {
        RpcException error = await Assert.ThrowsAsync<RpcException>(() =>
            WriteAsync("a", Stat("r"), Write("r", 3, Data)));

        Assert.Equal(StatusCode.OutOfRange, error.StatusCode);
        Assert.StartsWith("write @3 must occur at current offset 0", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offset_zero_begins_anew()
    {
        List<WriteContentResponse> answers = await WriteAsync(
            "a",
            Write("r", 0, "garbage"u8.ToArray()),
            Write("r", 0, Data),
            Commit("r", Data.Length, Data.Length, DataDigest));

        Assert.Equal(Data.Length, answers[^1].Offset);
    }

    [Fact]
    public async Task Another_digest_or_size_than_expected_is_a_failed_precondition()
    {
        RpcException digest = await Assert.ThrowsAsync<RpcException>(() => WriteAsync(
            "a",
            Write("r", 0, Data),
            Commit("r", Data.Length, 0, Digest.OfBytes([1]).ToString())));
        RpcException size = await Assert.ThrowsAsync<RpcException>(() => WriteAsync(
            "a",
            Write("s", 0, Data),
            Commit("s", Data.Length, 5, "")));

        Assert.Equal(StatusCode.FailedPrecondition, digest.StatusCode);
        Assert.Equal(StatusCode.FailedPrecondition, size.StatusCode);
    }

    [Fact]
    public async Task A_blob_that_is_there_already_exists_and_leaves_no_ingest()
    {
        await WriteAsync("a", Write("r", 0, Data), Commit("r", Data.Length, Data.Length, DataDigest));

        WriteContentRequest again = Stat("r2");
        again.Expected = DataDigest;
        again.Total = Data.Length;
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => WriteAsync("a", again));

        Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
        ListStatusesResponse left = await Client.ListStatusesAsync(
            new ListStatusesRequest(),
            DaemonHarness.In("a"),
            cancellationToken: Token);
        Assert.Empty(left.Statuses);
    }

    [Fact]
    public async Task A_ref_has_one_writer()
    {
        using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> first =
            Client.Write(DaemonHarness.In("a"), cancellationToken: Token);
        await first.RequestStream.WriteAsync(Stat("r"), Token);
        Assert.True(await first.ResponseStream.MoveNext(Token));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => WriteAsync("a", Stat("r")));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("locked", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ingest_goes_on_where_it_stopped_even_after_a_restart()
    {
        await WriteAsync("a", Write("r", 0, Data[..5]));

        await _daemon.RestartAsync(Token);

        List<WriteContentResponse> answers = await WriteAsync(
            "a",
            Stat("r"),
            Write("r", 5, Data[5..]),
            Commit("r", Data.Length, Data.Length, DataDigest));
        Assert.Equal(5, answers[0].Offset);
        Assert.Equal(DataDigest, answers[^1].Digest);
    }

    [Theory]
    [InlineData(0, 0, "hello, world")]
    [InlineData(7, 0, "world")]
    [InlineData(7, 3, "wor")]
    [InlineData(7, 300, "world")]
    [InlineData(12, 0, "")]
    [InlineData(-1, 0, "hello, world")]
    public async Task Ranges_are_read(long offset, long size, string expected)
    {
        await WriteAsync("a", Write("r", 0, Data), Commit("r", Data.Length, Data.Length, DataDigest));

        using AsyncServerStreamingCall<ReadContentResponse> call = Client.Read(
            new ReadContentRequest { Digest = DataDigest, Offset = offset, Size = size },
            DaemonHarness.In("a"),
            cancellationToken: Token);
        string text = "";
        while (await call.ResponseStream.MoveNext(Token))
        {
            text += call.ResponseStream.Current.Data.ToStringUtf8();
        }

        Assert.Equal(expected, text);
    }

    [Fact]
    public async Task A_range_past_the_end_is_out_of_range()
    {
        await WriteAsync("a", Write("r", 0, Data), Commit("r", Data.Length, Data.Length, DataDigest));

        using AsyncServerStreamingCall<ReadContentResponse> call = Client.Read(
            new ReadContentRequest { Digest = DataDigest, Offset = Data.Length + 1 },
            DaemonHarness.In("a"),
            cancellationToken: Token);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        Assert.Equal(StatusCode.OutOfRange, error.StatusCode);
    }

    [Fact]
    public async Task A_digest_that_is_none_is_an_invalid_argument()
    {
        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
            await Client.InfoAsync(new InfoRequest { Digest = "sha256:x" }, DaemonHarness.In("a"), cancellationToken: Token));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private static WriteContentRequest Stat(string reference) => new() { Action = WriteAction.Stat, Ref = reference };

    private static WriteContentRequest Write(string reference, long offset, byte[] data) => new()
    {
        Action = WriteAction.Write,
        Ref = reference,
        Offset = offset,
        Data = ByteString.CopyFrom(data),
    };

    private static WriteContentRequest Commit(string reference, long offset, long total, string expected) => new()
    {
        Action = WriteAction.Commit,
        Ref = reference,
        Offset = offset,
        Total = total,
        Expected = expected,

        // Nothing refers to these blobs: the collector would take them.
        Labels = { ["containerd.io/gc.root"] = "test" },
    };

    private async Task<List<WriteContentResponse>> WriteAsync(string ns, params WriteContentRequest[] requests)
    {
        using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call =
            Client.Write(DaemonHarness.In(ns), cancellationToken: Token);
        List<WriteContentResponse> answers = [];
        foreach (WriteContentRequest request in requests)
        {
            await call.RequestStream.WriteAsync(request, Token);
            if (!await call.ResponseStream.MoveNext(Token))
            {
                break;
            }

            answers.Add(call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(Token))
        {
            answers.Add(call.ResponseStream.Current);
        }

        return answers;
    }
}
