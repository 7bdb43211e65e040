using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>What <c>gantry import</c> makes of an archive is, digest for digest, what <c>ctr image import</c> makes of it.</summary>
[Collection(ImagesCollection.Name)]
public sealed class ArchiveTests(Images images)
{
    [Theory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    public async Task An_archive_becomes_the_same_image_as_with_ctr_on_containerd(string format)
    {
        using TempDirectory work = new();
        string archive = work["image.tar"];
        await Images.ShellAsync(
            """skopeo copy -q --src-tls-verify=false "docker://$1" "$3:$2:example.org/some/app:v1" """,
            images.Busybox,
            archive,
            format);
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        await containerd.CtrOkAsync("image", "import", archive);
        BufferedCommandResult imported = await gantry.GantryAsync("import", archive);

        Assert.True(imported.ExitCode == 0, imported.StandardError + gantry.Tail());
        string expected = await containerd.CtrOkAsync("image", "ls");
        Assert.Contains("example.org/some/app:v1", expected, StringComparison.Ordinal);
        Assert.Equal(expected, await gantry.CtrOkAsync("image", "ls"));
        Assert.Empty(await gantry.LeftoversAsync());
    }
}
