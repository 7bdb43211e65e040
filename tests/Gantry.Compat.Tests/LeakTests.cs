using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Containers come and go and the daemon is as before.</summary>
[Collection(ImagesCollection.Name)]
public sealed class LeakTests(Images images)
{
    private const int Warmup = 5;
    private const int Rounds = 25;

    [Fact]
    public async Task File_descriptors_and_cgroups_do_not_grow_with_the_containers_that_ran()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await RunAsync(gantry, "w", Warmup);
        int descriptors = gantry.FileDescriptors();
        int cgroups = Cgroups();

        await RunAsync(gantry, "r", Rounds);

        Assert.InRange(gantry.FileDescriptors(), 0, descriptors + 4);
        Assert.Equal(cgroups, Cgroups());
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private static int Cgroups() =>
        Directory.EnumerateDirectories("/sys/fs/cgroup", "*", SearchOption.AllDirectories).Count();

    private async Task RunAsync(GantryDaemon gantry, string prefix, int count)
    {
        for (int i = 0; i < count; i++)
        {
            BufferedCommandResult result = await gantry.CtrAsync("run", "--rm", images.Busybox, prefix + i, "true");
            Assert.True(result.ExitCode == 0, result.StandardError + gantry.Tail());
        }
    }
}
