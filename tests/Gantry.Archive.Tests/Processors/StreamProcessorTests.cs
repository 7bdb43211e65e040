using Gantry.Archive.Compression;
using Gantry.Archive.Processors;
using Gantry.Archive.Tests.Apply;
using Gantry.Core;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Archive.Tests.Processors;

public sealed class StreamProcessorTests : IDisposable
{
    private const string Secret = "application/x.secret.tar+gzip";

    private readonly ApplyFixture _fixture = new();
    private readonly BlobStore _content = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_layer_goes_through_the_program_for_its_media_type()
    {
        Descriptor layer = await AddAsync("gzip | base64");

        await ApplyAsync(layer, Program("decode", Secret, LayerMediaTypes.TarGzip, "base64 -d"));

        Assert.Equal("content", await File.ReadAllTextAsync(_fixture["file"], Token));
    }

    [Fact]
    public async Task Programs_follow_one_another_until_there_is_a_tar()
    {
        Descriptor layer = await AddAsync("tr a-z A-Z | base64 | rev");

        await ApplyAsync(
            layer,
            Program("a", Secret, "application/x.b", "rev"),
            Program("b", "application/x.b", "application/x.c", "base64 -d"),
            Program("c", "application/x.c", LayerMediaTypes.Tar, "tr A-Z a-z"));

        Assert.Equal("content", await File.ReadAllTextAsync(_fixture["file"], Token));
    }

    [Fact]
    public async Task A_program_is_told_the_media_type_its_variables_and_the_payload()
    {
        Descriptor layer = await AddAsync("base64");
        StreamProcessor processor = Program(
            "told", Secret, LayerMediaTypes.Tar, $"cat <&3 >payload; env >environment; base64 -d") with
        {
            Environment = ["KEY=a=b"],
        };
        Dictionary<string, TypedBytes> payloads = new(StringComparer.Ordinal)
        {
            ["told"] = new TypedBytes("x.Key", "secret"u8.ToArray()),
            ["other"] = new TypedBytes("x.Key", "other"u8.ToArray()),
        };

        await Differ(processor).ApplyAsync(layer, Mounts, new UnpackOptions { Payloads = payloads }, Token);

        string[] environment = await File.ReadAllLinesAsync(Path.Combine(_fixture.Path, "environment"), Token);
        Assert.Contains($"STREAM_PROCESSOR_MEDIATYPE={Secret}", environment);
        Assert.Contains("KEY=a=b", environment);
        Assert.Equal(
            "\n\u0005x.Key\u0012\u0006secret",
            await File.ReadAllTextAsync(Path.Combine(_fixture.Path, "payload"), Token));
        File.Delete(Path.Combine(_fixture.Path, "environment"));
        File.Delete(Path.Combine(_fixture.Path, "payload"));
    }

    [Fact]
    public async Task A_failing_programs_words_are_in_the_error()
    {
        Descriptor layer = await AddAsync("base64");

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ApplyAsync(
            layer, Program("bad", Secret, LayerMediaTypes.Tar, "head -c 700 /dev/urandom; echo no key >&2; exit 3")));

        Assert.Equal("stream processor bad: exit status 3: no key", error.Message);
    }

    [Fact]
    public async Task A_program_that_fails_after_a_whole_tar_fails_the_layer()
    {
        Descriptor layer = await AddAsync("base64");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => ApplyAsync(layer, Program("late", Secret, LayerMediaTypes.Tar, "base64 -d; kill -TERM $$")));

        Assert.Equal("stream processor late: killed by signal 15", error.Message);
    }

    [Fact]
    public async Task A_damaged_layer_is_told_as_such_whatever_the_program_makes_of_it()
    {
        Descriptor whole = await AddAsync("base64");
        Descriptor layer = _content.Add(_content[whole.Digest], Secret, stored: [.. _content[whole.Digest], (byte)'x']);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => ApplyAsync(layer, Program("decode", Secret, LayerMediaTypes.Tar, "base64 -di")));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        Descriptor layer = await AddAsync("base64");
        StreamProcessor processor = new("gone", [Secret], LayerMediaTypes.Tar, "/no/such/program");

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ApplyAsync(layer, processor));

        Assert.StartsWith("stream processor gone: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_in_a_circle_are_stopped()
    {
        Descriptor layer = await AddAsync("base64");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => ApplyAsync(layer, Program("loop", Secret, Secret, "cat")));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task Cancelling_kills_a_program_that_hangs()
    {
        Descriptor layer = await AddAsync("base64");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Shell.RunAsync(_fixture.Path, "mkfifo started");
        Task applying = Differ(Program("hang", Secret, LayerMediaTypes.Tar, "echo go >started; sleep 1000"))
            .ApplyAsync(layer, Mounts, new UnpackOptions(), stop.Token);
        await Shell.RunAsync(_fixture.Path, "cat started");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => applying.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    private IReadOnlyList<Mount> Mounts => [new Mount("bind", _fixture.Root, ["rw", "rbind"])];

    private StreamProcessor Program(string id, string accepts, string returns, string script) =>
        new(id, [accepts], returns, "/bin/bash") { Arguments = ["-c", $"cd {_fixture.Path}; {script}"] };

    private ContentDiffer Differ(params StreamProcessor[] processors) => new(
        _content,
        (_, _, _) => throw new InvalidOperationException("no mount is needed"),
        processors: processors);

    private Task<Descriptor> ApplyAsync(Descriptor layer, params StreamProcessor[] processors) =>
        Differ(processors).ApplyAsync(layer, Mounts, new UnpackOptions(), Token);

    /// <summary>A layer with one file, put through a shell's filter.</summary>
    private async Task<Descriptor> AddAsync(string filter)
    {
        string path = Path.Combine(_fixture.Path, "made");
        await File.WriteAllBytesAsync(path, new TarBuilder().File("file", "content").Build(), Token);
        await Shell.RunAsync(_fixture.Path, $"<made {filter} >made2; rm made");
        byte[] data = await File.ReadAllBytesAsync(path + "2", Token);
        File.Delete(path + "2");
        return _content.Add(data, Secret);
    }
}
