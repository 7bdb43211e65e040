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
                && e.Parents is [var parent] && parent.StartsWith("manifest-sha256:", StringComparison.Ordinal));
        Assert.Contains(
            events,
            e => e.Name.StartsWith("manifest-sha256:", StringComparison.Ordinal) && e.Parents.SequenceEqual([images.Busybox]));
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_out_of_an_archive_is_named_by_its_digest_if_that_is_asked_for(bool skipNamed)
    {
        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });
        string digest = (await ShellAsync("ctr image ls | awk 'NR == 2 { print $3 }'")).Trim();
        string tar = Path.Combine(_daemon.Home, "tar");
        await ShellAsync("ctr image export \"$0\" \"$1\"; ctr image rm --sync \"$1\"", tar, images.Busybox);

        using TransferStream import = await OpenAsync("import-1");
        ImageStore store = new();
        store.ExtraReferences.Add(new ImageReference
        {
            Name = "by.digest/it",
            IsPrefix = true,
            AllowOverwrite = true,
            AddDigest = true,
            SkipNamedDigest = skipNamed,
        });
        await Task.WhenAll(
            import.SendAsync(await File.ReadAllBytesAsync(tar, Token), Token),
            TransferAsync(new ImageImportStream { Stream = import.Name }, store));
        await TransferAsync(
            new ImageStore { Name = images.Busybox },
            new ImageStore { ExtraReferences = { new ImageReference { Name = "of.store/it", AddDigest = true } } });

        string named = skipNamed ? "" : $"by.digest/it@{digest}\n";
        Assert.Equal($"{images.Busybox}\n{named}of.store/it@{digest}\n", await ShellAsync("ctr image ls -q"));
    }

    [Fact]
    public async Task Images_are_exported_by_what_their_names_begin_with()
    {
        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = "example.test/a:1" });
        foreach (string name in (string[])["example.test/a/b:2", "example.test/ab:3"])
        {
            await TransferAsync(new ImageStore { Name = "example.test/a:1" }, new ImageStore { Name = name });
        }

        using TransferStream export = await OpenAsync("export-1");
        Task<byte[]> archive = export.ReceiveAsync(64 * 1024, Token);
        await TransferAsync(Prefixed("example.test/a"), new ImageExportStream { Stream = export.Name });
        await File.WriteAllBytesAsync(Path.Combine(_daemon.Home, "tar"), await archive, Token);
        using TransferStream none = await OpenAsync("export-2");
        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(Prefixed("example.test/none"), new ImageExportStream { Stream = none.Name }));

        string names = await ShellAsync(
            "tar xOf \"$0\" index.json | jq -r '.manifests[].annotations[\"io.containerd.image.name\"]'",
            Path.Combine(_daemon.Home, "tar"));
        Assert.Equal("example.test/a/b:2\nexample.test/a:1\n", names);
        Assert.Equal(StatusCode.NotFound, error.StatusCode);

        static ImageStore Prefixed(string prefix) =>
            new() { ExtraReferences = { new ImageReference { Name = prefix, IsPrefix = true } } };
    }

    [Fact]
    public async Task Layers_of_docker_save_are_packed_on_their_way_in_if_that_is_asked_for()
    {
        string tar = Path.Combine(_daemon.Home, "tar");
        await Images.ShellAsync(
            """skopeo copy -q --src-tls-verify=false "docker://$1" "docker-archive:$2:example.test/saved:1" """, images.Busybox, tar);
        using TransferStream import = await OpenAsync("import-1");
        ImageStore store = Unpacked("");
        store.ExtraReferences.Add(new ImageReference { Name = "x", IsPrefix = true, AllowOverwrite = true });

        await Task.WhenAll(
            import.SendAsync(await File.ReadAllBytesAsync(tar, Token), Token),
            TransferAsync(new ImageImportStream { Stream = import.Name, ForceCompress = true }, store));

        string layer = await ShellAsync(
            "ctr content get $(ctr image ls | awk 'NR == 2 { print $3 }') | jq -r '.layers[] | .mediaType, .digest'");
        Assert.StartsWith("application/vnd.docker.image.rootfs.diff.tar.gzip\n", layer, StringComparison.Ordinal);
        Assert.Equal("1f8b\n", await ShellAsync("ctr content get \"$0\" | head -c 2 | od -An -tx1 | tr -d ' '", layer.Split('\n')[1]));
        Assert.Equal("in\n", await ShellAsync("ctr run --rm example.test/saved:1 t1 echo in"));
    }

    [Fact]
    public async Task What_is_asked_and_answered_is_shown_to_a_client_that_wants_to_know()
    {
        using TransferStream logs = await OpenAsync("logs-1");
        Task<byte[]> shown = logs.ReceiveAsync(64 * 1024, Token);
        OCIRegistry source = Registry(images.Busybox);
        source.Resolver.HttpDebug = HTTPDebug.Debug;
        source.Resolver.LogsStream = logs.Name;

        await TransferAsync(source, new ImageStore { Name = images.Busybox });

        string text = System.Text.Encoding.UTF8.GetString(await shown);
        Assert.Contains($"HEAD http://{images.Registry}/v2/busybox/manifests/latest: 200\n", text, StringComparison.Ordinal);
        Assert.Contains($"GET http://{images.Registry}/v2/busybox/blobs/sha256:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_remote_snapshotter_is_told_where_the_layers_are()
    {
        await using GantryDaemon backend = await GantryDaemon.StartNewAsync();
        await RestartAsync($"""
            [proxy_plugins.remote]
              type = "snapshot"
              address = "{backend.Address}"
              remote_name = "overlayfs"
              [proxy_plugins.remote.exports]
                enable_remote_snapshot_annotations = "true"
            """);
        ImageStore store = Unpacked(images.Busybox);
        store.Unpacks[0].Snapshotter = "remote";

        await TransferAsync(Registry(images.Busybox), store);

        string info = await ShellAsync(
            "ctr snapshots --snapshotter remote info $(ctr snapshots --snapshotter remote ls | awk 'NR == 2 { print $1 }')");
        Assert.Contains($"\"containerd.io/snapshot/cri.image-ref\": \"{images.Busybox}\"", info, StringComparison.Ordinal);
        Assert.Contains("\"containerd.io/snapshot/cri.layer-digest\": \"sha256:", info, StringComparison.Ordinal);
        Assert.Equal("in\n", await ShellAsync("ctr run --rm --snapshotter remote \"$0\" t1 echo in", images.Busybox));
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
        await WithVerifierAsync(script, "1s");

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox }));

        Assert.Contains(reason, error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("", await ShellAsync("ctr image ls -q; ctr content ls -q"));
    }

    [Fact]
    public async Task A_verifier_that_leaves_a_program_behind_has_judged_all_the_same()
    {
        await WithVerifierAsync("setsid sleep 3 &", "1s");

        await TransferAsync(Registry(images.Busybox), new ImageStore { Name = images.Busybox });

        Assert.Equal($"{images.Busybox}\n", await ShellAsync("ctr image ls -q"));
    }

    [Fact]
    public async Task A_pull_whose_client_can_not_say_who_it_is_ends_and_says_why()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new RegistryServerOptions { Username = "alice", Password = "s3cret" }, Token);
        string image = await registry.PushAsync(images.BusyboxLayout, "busybox:latest", null, Token);
        using TempDirectory docker = new();
        await File.WriteAllTextAsync(
            docker["config.json"], $$$"""{"credHelpers":{"{{{registry.Host}}}":"not-installed"}}""", Token);

        BufferedCommandResult result = await _daemon.RunAsync(
            Needs.Published("gantry"),
            ["pull", "--plain-http", image],
            new Dictionary<string, string?> { ["DOCKER_CONFIG"] = docker.Path });

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "credential helper docker-credential-not-installed is not installed", result.StandardError, StringComparison.Ordinal);
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

    private async Task WithVerifierAsync(string script, string timeout = "60s")
    {
        string directory = _verifiers["bin"];
        Directory.CreateDirectory(directory);
        string program = Path.Combine(directory, "judge");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n" + script + "\n", Token);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await RestartAsync($"""
            [plugins."io.containerd.image-verifier.v1.bindir"]
            bin_dir = "{directory}"
            per_verifier_timeout = "{timeout}"
            """);
    }

    private async Task RestartAsync(string config)
    {
        _channel.Dispose();
        await _daemon.DisposeAsync();
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
