using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>What unpacking an image makes, file by file, against containerd and umoci.</summary>
[Collection(ImagesCollection.Name)]
public sealed class ImageTreeTests(Images images)
{
    [Fact]
    public async Task The_layered_image_unpacks_as_umoci_and_containerd_unpack_it() =>
        await CompareAsync(images.Layered, images.LayeredLayout);

    [Fact]
    public async Task A_real_debian_tree_unpacks_as_umoci_and_containerd_unpack_it()
    {
        Needs.Program("debootstrap");
        using TempDirectory work = new();
        string layout = Environment.GetEnvironmentVariable("GANTRY_TEST_DEBIAN_LAYOUT") ?? work["debian"];
        if (!Directory.Exists(layout))
        {
            await Images.ShellAsync("\"$1\" \"$2\" latest >\"$3\" 2>&1 || { tail -n 30 \"$3\"; exit 1; }", Script, layout, work["log"]);
        }

        string image = await images.Server.PushAsync(
            $"oci:{layout}:latest", "debian:latest", null, TestContext.Current.CancellationToken);

        string tree = await CompareAsync(image, layout + ":latest");

        Assert.Contains("security.capability=0x", tree, StringComparison.Ordinal);
        Assert.Contains("./srv/links/b/two\tlinks 3", tree, StringComparison.Ordinal);
        Assert.Contains("./srv/opaque/new", tree, StringComparison.Ordinal);
        Assert.DoesNotContain("./srv/opaque/old", tree, StringComparison.Ordinal);
        Assert.DoesNotContain("./usr/share/doc\t", tree, StringComparison.Ordinal);
        Assert.Contains("zürich", tree, StringComparison.Ordinal);
    }

    private static string Script
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory is not null && !File.Exists(Path.Combine(directory, "Gantry.slnx")))
            {
                directory = Path.GetDirectoryName(directory);
            }

            return Path.Combine(directory!, "eng", "debian-image.sh");
        }
    }

    private static async Task<string> CompareAsync(string image, string layout)
    {
        string umoci = await FileTree.OfUmociAsync(layout);
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        string containerd = await FileTree.OfImageAsync(reference, image);
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        string actual = await FileTree.OfImageAsync(gantry, image);

        // A name that an upper layer removes still counts as a link of the file in the lower one: an overlay can't tell,
        // a plain directory, which is what umoci makes, can. So the counts are held against containerd's alone.
        umoci = FileTree.WithoutLinkCounts(umoci);
        string withoutLinks = FileTree.WithoutLinkCounts(actual);
        Assert.True(umoci == withoutLinks, "against umoci:\n" + FileTree.Difference(umoci, withoutLinks));

        // A directory in which a layer changes something, but which it does not name, gets the time of unpacking from
        // containerd; here it keeps the time that the layer below gave it, as with umoci.
        containerd = FileTree.WithoutDirectoryTimes(containerd);
        string withoutTimes = FileTree.WithoutDirectoryTimes(actual);
        Assert.True(
            containerd == withoutTimes, "against containerd:\n" + FileTree.Difference(containerd, withoutTimes));
        Assert.Empty(await gantry.LeftoversAsync());
        return actual;
    }
}
