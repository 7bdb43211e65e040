using System.Security.Cryptography;
using CliWrap.Buffered;
using Gantry.Api;
using Gantry.Api.Services.Transfer;
using Gantry.Api.Types;
using Gantry.Api.Types.Transfer;
using Gantry.Testing;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace Gantry.Compat.Tests.Transfers;

/// <summary>
/// The transfer service, called as clients of containerd 2 call it: a call that names what is to go where, and streams beside
/// it for progress, credentials and archives.
/// </summary>
[Collection(ImagesCollection.Name)]
public sealed class TransferTests(Images images) : IAsyncLifetime
{
    private static readonly Metadata Headers = new() { { "containerd-namespace", "default" } };

    private readonly TempDirectory _verifiers = new();
    private GantryDaemon _daemon = null!;
    private GrpcChannel _channel = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private CallInvoker Calls => _channel.CreateCallInvoker();

    public async ValueTask InitializeAsync() => await StartAsync("");

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        Assert.Empty(await _daemon.LeftoversAsync());
        await _daemon.DisposeAsync();
        _verifiers.Dispose();
    }

    [Fact]
    public async Task An_image_is_pulled_and_unpacked_and_the_client_is_told_how_far_it_has_come()
    {
        using TransferStream told = await OpenAsync("progress-1");
        Task<List<Progress>> progress = told.AllAsync<Progress>(Token);

        await TransferAsync(Registry(images.Busybox), Unpacked(images.Busybox), told.Name);

        List<Progress> events = await progress;
        Assert.Equal($"Resolving from OCI Registry ({images.Busybox})", events[0].Event);
        Assert.Equal($"Completed pull from OCI Registry ({images.Busybox})", events[^1].Event);
        Assert.Contains(events, e => e.Event == "saved" && e.Name == images.Busybox && e.Desc.Digest.Length > 0);
        Assert.Contains(
            events,
            e => e.Event == "complete" && e.Name.StartsWith("layer-sha256:", StringComparison.Ordinal)
                && e.Parents.SequenceEqual([images.Busybox]));
        Assert.Equal("in\n", await ShellAsync("ctr run --rm \"$0\" t1 echo in", images.Busybox));
    }

    [Fact]
    public async Task The_client_is_asked_who_it_is()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new RegistryServerOptions { Username = "alice", Password = "s3cret" }, Token);
        string image = await registry.PushAsync(images.BusyboxLayout, "busybox:latest", null, Token);
        using TransferStream creds = await OpenAsync("creds-1");
        Task<List<AuthRequest>> asked = creds.AnswerAsync(
            new AuthResponse { AuthType = AuthType.Credentials, Username = "alice", Secret = "s3cret" }, Token);
        OCIRegistry source = Registry(image);
        source.Resolver.AuthStream = creds.Name;

        await TransferAsync(source, new ImageStore { Name = image });

        Assert.All(await asked, request => Assert.Equal((registry.Host, image), (request.Host, request.Reference)));
        Assert.Equal(image + "\n", await ShellAsync("ctr image ls -q"));
        Assert.DoesNotContain("s3cret", _daemon.Tail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_said_and_leaves_no_image()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new RegistryServerOptions { Username = "alice", Password = "s3cret" }, Token);
        string image = await registry.PushAsync(images.BusyboxLayout, "busybox:latest", null, Token);
        using TransferStream creds = await OpenAsync("creds-1");
        Task<List<AuthRequest>> asked = creds.AnswerAsync(
            new AuthResponse { AuthType = AuthType.Credentials, Username = "alice", Secret = "wr0ng" }, Token);
        OCIRegistry source = Registry(image);
        source.Resolver.AuthStream = creds.Name;

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(source, new ImageStore { Name = image }));

        Assert.Contains("authorization", error.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", error.Status.Detail + _daemon.Tail(), StringComparison.Ordinal);
        Assert.NotEmpty(await asked);
        Assert.Equal("", await ShellAsync("ctr image ls -q"));
    }

    [Fact]
    public async Task An_image_is_named_and_pushed_and_is_the_same_in_the_registry()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(null, Token);
        string copy = $"{registry.Host}/copy:v1";
        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });

        await TransferAsync(new ImageStore { Name = images.Busybox }, new ImageStore { Name = copy });
        await TransferAsync(new ImageStore { Name = copy }, Registry(copy));

        const string digest = "skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://\"$0\"";
        Assert.Equal(await ShellAsync(digest, images.Busybox), await ShellAsync(digest, copy));
    }

    [Fact]
    public async Task An_archive_goes_out_and_comes_in_again_under_the_names_that_are_asked_for()
    {
        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });
        using TransferStream export = await OpenAsync("export-1");
        Task<byte[]> archive = export.ReceiveAsync(20_000, Token);
        await TransferAsync(
            new ImageStore { Name = images.Busybox }, new ImageExportStream { Stream = export.Name });
        byte[] tar = await archive;
        await ShellAsync("ctr image rm --sync \"$0\"", images.Busybox);

        using TransferStream import = await OpenAsync("import-1");
        ImageStore store = Unpacked("");
        store.ExtraReferences.Add(new ImageReference { Name = "import-2026", IsPrefix = true, AllowOverwrite = true });
        await Task.WhenAll(
            import.SendAsync(tar, Token), TransferAsync(new ImageImportStream { Stream = import.Name }, store));

        Assert.Equal(images.Busybox + "\n", await ShellAsync("ctr image ls -q"));
        Assert.Equal("in\n", await ShellAsync("ctr run --rm \"$0\" t1 echo in", images.Busybox));
    }

    [Fact]
    public async Task Half_an_archive_is_an_error_and_leaves_no_image()
    {
        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });
        using TransferStream export = await OpenAsync("export-1");
        Task<byte[]> archive = export.ReceiveAsync(64 * 1024, Token);
        await TransferAsync(new ImageStore { Name = images.Busybox }, new ImageExportStream { Stream = export.Name });
        byte[] half = (await archive)[..100_000];
        await ShellAsync("ctr image rm --sync \"$0\"", images.Busybox);

        using TransferStream import = await OpenAsync("import-1");
        Task sending = import.SendAsync(half, Token);
        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(new ImageImportStream { Stream = import.Name }, new ImageStore { Name = "x/y:z" }));
        await sending;

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(0, (await _daemon.GantryAsync("gc")).ExitCode);
        Assert.Equal("", await ShellAsync("ctr image ls -q; ctr content ls -q; ctr leases ls -q"));
    }

    [Fact]
    public async Task What_is_sent_comes_back()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(1_000_001);
        using TransferStream to = await OpenAsync("in");
        using TransferStream from = await OpenAsync("out");
        Task<byte[]> received = from.ReceiveAsync(10_000, Token);

        await Task.WhenAll(
            to.SendAsync(bytes, Token),
            TransferAsync(new ImageImportStream { Stream = to.Name }, new ImageExportStream { Stream = from.Name }));

        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), Convert.ToHexString(SHA256.HashData(await received)));
    }

    [Theory]
    [InlineData("echo no such signer; exit 1", "no such signer")]
    [InlineData("sleep 600", "no judgement within 1 s")]
    [InlineData("kill -9 $$", "rejected image")]
    public async Task An_image_that_a_verifier_does_not_like_is_not_pulled(string script, string reason)
    {
        await WithVerifierAsync(script);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox }));

        Assert.Contains(reason, error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("", await ShellAsync("ctr image ls -q; ctr content ls -q"));
    }

    [Fact]
    public async Task A_verifier_is_told_what_is_to_be_pulled()
    {
        await WithVerifierAsync("echo \"$@\" > \"$(dirname \"$0\")/../told\"; cat >> \"$(dirname \"$0\")/../told\"");

        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });

        string told = await File.ReadAllTextAsync(_verifiers["told"], Token);
        string digest = (await ShellAsync("ctr image ls | awk 'NR == 2 { print $3 }'")).Trim();
        Assert.StartsWith(
            $"-name {images.Busybox} -digest {digest} -stdin-media-type application/vnd.oci.descriptor.v1+json\n{{",
            told,
            StringComparison.Ordinal);
        Assert.Contains($"\"digest\":\"{digest}\"", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_tells_the_events_of_the_calls_that_it_stands_for()
    {
        string file = Path.Combine(_daemon.Home, "events");
        Task<string> watching = ShellAsync(
            "timeout 60 ctr events | tee \"$0\" | grep -q -m 1 '/images/create'; cat \"$0\"", file);

        // ctr does not say when it listens, and ends when it has something to tell to nobody.
        for (int i = 0; i < 600 && !watching.IsCompleted; i++)
        {
            await TransferAsync(Registry(images.Busybox), Unpacked($"copy/of:{i}"));
            await Task.Delay(TimeSpan.FromMilliseconds(100), Token);
        }

        Assert.Contains("/images/create {\"name\":\"copy/of:", await watching, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_transferred_is_said()
    {
        RpcException pair = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(Registry(images.Busybox), Registry(images.Busybox)));
        RpcException stream = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(new ImageImportStream { Stream = "none" }, new ImageStore { Name = "x" }));
        RpcException image = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(new ImageStore { Name = "x" }, new ImageStore { Name = "y" }));
        RpcException name = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(Registry("not a reference"), new ImageStore { Name = "y" }));

        Assert.Equal(
            (StatusCode.Unimplemented, StatusCode.NotFound, StatusCode.NotFound, StatusCode.InvalidArgument),
            (pair.StatusCode, stream.StatusCode, image.StatusCode, name.StatusCode));
    }

    private static OCIRegistry Registry(string image) => new() { Reference = image, Resolver = new RegistryResolver() };

    private static ImageStore Unpacked(string name)
    {
        Platform platform = new() { Os = "linux", Architecture = "amd64" };
        return new ImageStore
        {
            Name = name,
            Platforms = { platform },
            Unpacks = { new UnpackConfiguration { Platform = platform } },
        };
    }

    private async Task WithVerifierAsync(string script)
    {
        string directory = _verifiers["bin"];
        Directory.CreateDirectory(directory);
        string program = Path.Combine(directory, "judge");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n" + script + "\n", Token);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _channel.Dispose();
        await _daemon.DisposeAsync();
        string config = $"""
            [plugins."io.containerd.image-verifier.v1.bindir"]
            bin_dir = "{directory}"
            per_verifier_timeout = "1s"
            """;
        await StartAsync(config);
    }

    private async Task StartAsync(string config)
    {
        _daemon = await GantryDaemon.StartNewAsync(config);
        _channel = UnixChannel.Open(_daemon.Address);
    }

    private Task<TransferStream> OpenAsync(string name) => TransferStream.OpenAsync(Calls, name, Headers, Token);

    private async Task TransferAsync(IMessage source, IMessage destination, string progress = "")
    {
        TransferRequest request = new()
        {
            Source = TypeUrl.PackAny(source),
            Destination = TypeUrl.PackAny(destination),
            Options = new TransferOptions { ProgressStream = progress },
        };
        await new Transfer.TransferClient(Calls).TransferAsync(request, Headers, cancellationToken: Token);
    }

    private async Task<string> ShellAsync(string script, params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await _daemon.RunAsync("/bin/bash", ["-c", script, .. arguments], null);
        return result.StandardOutput;
    }
}
