using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>A real registry with the images that the tests of this project use. Made once.</summary>
public sealed class Images : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private RegistryServer? _registry;

    public string Registry => _registry!.Host;

    /// <summary>Busybox, one layer.</summary>
    public string Busybox { get; private set; } = "";

    /// <summary>Busybox, as skopeo calls it on disk.</summary>
    public string BusyboxLayout { get; private set; } = "";

    /// <summary>Busybox in Docker's schema 2.</summary>
    public string Docker { get; private set; } = "";

    /// <summary>Four layers with a file capability, hard links across directories, a whiteout, a replaced directory.</summary>
    public string Layered { get; private set; } = "";

    /// <summary>An index of the layered image for two platforms.</summary>
    public string Index { get; private set; } = "";

    /// <summary>The layered image, as skopeo and umoci call it.</summary>
    public string LayeredLayout => $"{_directory["layered"]}/layout:latest";

    public string StorageDirectory => _registry!.StorageDirectory;

    public RegistryServer Server => _registry!;

    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        _registry = await RegistryServer.StartAsync();
        string busybox = await ImageFactory.MakeBusyboxAsync(_directory["busybox"]);
        BusyboxLayout = busybox;
        Busybox = await _registry.PushAsync(busybox, "busybox:latest");
        Docker = await _registry.PushAsync(busybox, "busybox-docker:latest", "v2s2");
        await ImageFactory.MakeBusyboxAsync(_directory["layered"]);
        await ShellAsync(
            """
            set -e
            cd "$1"
            umoci unpack --image layout:latest b
            r=b/rootfs
            mkdir -p $r/opt/a/deep $r/opt/op $r/usr/share
            echo one >$r/opt/a/one
            ln $r/opt/a/one $r/usr/share/one-link
            echo x >$r/opt/op/old
            echo gone >$r/opt/gone
            cp /bin/busybox $r/opt/capped
            setcap cap_net_raw+ep $r/opt/capped
            chmod 4755 $r/opt/a/deep
            umoci repack --refresh-bundle --image layout:latest b
            rm -rf $r/opt/gone $r/opt/op
            mkdir $r/opt/op
            echo new >$r/opt/op/new
            umoci repack --refresh-bundle --image layout:latest b
            mkdir -p layer/opt/a
            echo fresh >layer/opt/a/two
            : >layer/opt/a/.wh..wh..opq
            tar -C layer --numeric-owner --owner 0 --group 0 -cf layer.tar opt/a/.wh..wh..opq opt/a
            umoci raw add-layer --image layout:latest layer.tar
            rm -rf b layer
            """,
            _directory["layered"]);
        Layered = await _registry.PushAsync("oci:" + LayeredLayout, "layered:latest");
        await ShellAsync(
            """
            set -e
            cd "$1"
            manifest=$(jq -c '.manifests[0] | {mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size}' layout/index.json)
            jq -nc --argjson m "$manifest" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
              manifests: [($m + {platform: {os: "linux", architecture: "s390x"}}), ($m + {platform: {os: "linux", architecture: "amd64"}}),
              ($m + {platform: {os: "linux", architecture: "arm64"}})]}' >index
            digest=$(sha256sum index | cut -d' ' -f1)
            cp index layout/blobs/sha256/$digest
            jq -c --arg d "sha256:$digest" --argjson s "$(stat -c %s index)" \
              '.manifests += [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: $s,
              annotations: {"org.opencontainers.image.ref.name": "index"}}]' layout/index.json >layout/index.new
            mv layout/index.new layout/index.json
            """,
            _directory["layered"]);
        Index = await _registry.PushAsync($"oci:{_directory["layered"]}/layout:index", "index:latest");
    }

    public async ValueTask DisposeAsync()
    {
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        _directory.Dispose();
    }

    /// <summary>Runs a script of bash, which must succeed.</summary>
    public static async Task<string> ShellAsync(string script, params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await Cli.Wrap("/bin/bash")
            .WithArguments(["-c", script, "bash", .. arguments])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"exit {result.ExitCode}\n{result.StandardOutput}{result.StandardError}");
        return result.StandardOutput;
    }
}
