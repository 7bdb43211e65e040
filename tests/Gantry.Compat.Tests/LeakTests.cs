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
        string prefix = $"leak-{Guid.NewGuid():N}-";
        await gantry.CtrOkAsync("run", "-d", images.Busybox, prefix + "live", "sleep", "1000");
        Assert.NotEmpty(Cgroups(prefix));
        await gantry.CtrOkAsync("task", "rm", "-f", prefix + "live");
        await gantry.CtrOkAsync("container", "rm", prefix + "live");
        await RunAsync(gantry, prefix + "w", Warmup);
        int descriptors = gantry.FileDescriptors();

        await RunAsync(gantry, prefix + "r", Rounds);

        Assert.InRange(gantry.FileDescriptors(), 0, descriptors + 4);
        await Poll.UntilAsync(() => Cgroups(prefix).Length == 0, "the containers' cgroups are gone");
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private static string[] Cgroups(string prefix)
    {
        // Others come and go on the machine while it is walked.
        EnumerationOptions all = new() { RecurseSubdirectories = true, IgnoreInaccessible = true };
        return Directory.GetDirectories("/sys/fs/cgroup", prefix + "*", all);
    }

    private async Task RunAsync(GantryDaemon gantry, string prefix, int count)
    {
        for (int i = 0; i < count; i++)
        {
            BufferedCommandResult result = await gantry.CtrAsync("run", "--rm", images.Busybox, prefix + i, "true");
            Assert.True(result.ExitCode == 0, result.StandardError + gantry.Tail());
        }
    }
}
