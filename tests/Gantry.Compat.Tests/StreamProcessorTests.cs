using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>An image whose layer only another program can read is unpacked and run, on both daemons.</summary>
public sealed class StreamProcessorTests
{
    private const string Config =
        """
        [stream_processors."io.example.base64"]
          accepts = ["application/vnd.oci.image.layer.v1.tar+base64"]
          returns = "application/vnd.oci.image.layer.v1.tar"
          path = "base64"
          args = ["-d"]
        """;

    private const string Encode =
        """
        set -e
        cd "$1/layout"
        blob() { d=$(sha256sum "$1" | cut -d' ' -f1); s=$(stat -c %s "$1"); mv "$1" "blobs/sha256/$d"; }
        m=$(jq -r '.manifests[0].digest' index.json | cut -d: -f2)
        l=$(jq -r '.layers[0].digest' "blobs/sha256/$m" | cut -d: -f2)
        gzip -dc "blobs/sha256/$l" | base64 >layer
        blob layer
        jq -c --arg d "sha256:$d" --argjson s "$s" '.layers[0] = {mediaType:
          "application/vnd.oci.image.layer.v1.tar+base64", digest: $d, size: $s}' "blobs/sha256/$m" >manifest
        blob manifest
        jq -c --arg d "sha256:$d" --argjson s "$s" '.manifests[0].digest = $d | .manifests[0].size = $s' index.json >new
        mv new index.json
        rm "blobs/sha256/$m" "blobs/sha256/$l"
        tar -cf ../image.tar .
        """;

    [Fact]
    public async Task A_layer_of_a_type_that_a_program_reads_is_unpacked_as_by_containerd()
    {
        using TempDirectory directory = new();
        string image = await MakeImageAsync(directory);
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync(config: Config);
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(Config);

        Assert.Equal(await RunAsync(containerd, image), await RunAsync(gantry, image));
    }

    [Fact]
    public async Task Without_the_program_the_layer_is_refused_by_its_type()
    {
        using TempDirectory directory = new();
        string image = await MakeImageAsync(directory);
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        Xunit.Sdk.XunitException refused =
            await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => RunAsync(gantry, image));

        Assert.Contains("application/vnd.oci.image.layer.v1.tar+base64", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>One image for both daemons: its files have the times of their making.</summary>
    private static async Task<string> MakeImageAsync(TempDirectory directory)
    {
        await ImageFactory.MakeBusyboxAsync(directory.Path);
        await Images.ShellAsync(Encode, directory.Path);
        return directory["image.tar"];
    }

    private static async Task<string> RunAsync(PrivateDaemon daemon, string image)
    {
        await daemon.CtrOkAsync("image", "import", "--base-name", "example.com/encoded", image);
        return await daemon.CtrOkAsync(
            "run", "--rm", "example.com/encoded:latest", "c1", "sh", "-c", "ls -ln /bin | sort");
    }
}
