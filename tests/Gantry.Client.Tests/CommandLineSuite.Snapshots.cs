using CliWrap.Buffered;
using Xunit;

namespace Gantry.Client.Tests;

public abstract partial class CommandLineSuite
{
    [Fact]
    public async Task Snapshots_are_made_listed_measured_mounted_and_removed()
    {
        string name = $"snap{Guid.NewGuid():N}";
        BufferedCommandResult prepared = await SnapshotsAsync("prepare", "-t", "/mnt", $"{name}-a");
        await SnapshotsAsync("commit", $"{name}-base", $"{name}-a");
        await SnapshotsAsync("prepare", $"{name}-b", $"{name}-base");
        await SnapshotsAsync("view", $"{name}-v", $"{name}-base");

        string list = (await SnapshotsAsync("ls", $"parent=={name}-base")).StandardOutput;
        string tree = (await SnapshotsAsync("tree")).StandardOutput;
        string info = (await SnapshotsAsync("info", $"{name}-b")).StandardOutput;
        string usage = (await SnapshotsAsync("usage", "-b", $"{name}-base")).StandardOutput;
        string mounts = (await SnapshotsAsync("mounts", "/mnt", $"{name}-b")).StandardOutput;

        Assert.StartsWith("mount -t bind ", prepared.StandardOutput, StringComparison.Ordinal);
        Assert.Matches($"^KEY +PARENT +KIND\n{name}-b +{name}-base +Active\n{name}-v +{name}-base +View\n$", list);
        Assert.Matches($"(?m)^{name}-base\n \\\\_ {name}-b\n \\\\_ {name}-v$", tree);
        Assert.Contains($"\"parent\": \"{name}-base\"", info, StringComparison.Ordinal);
        Assert.Matches($"^KEY +SIZE +INODES\n{name}-base +[0-9]+ +[0-9]+\n$", usage);
        Assert.Matches("^mount -t overlay overlay /mnt -o .*upperdir=", mounts);
        BufferedCommandResult refused = await GantryAsync("snapshots", "rm", $"{name}-base");
        Assert.Equal(1, refused.ExitCode);
        await SnapshotsAsync("rm", $"{name}-v", $"{name}-b", $"{name}-base");
    }

    [Fact]
    public async Task An_image_that_is_here_is_unpacked_into_another_snapshotter()
    {
        string chain = (await SnapshotsAsync("unpack", "--snapshotter", "native", fixture.Image)).StandardOutput.Trim();

        string info = (await SnapshotsAsync("info", "--snapshotter", "native", chain)).StandardOutput;

        Assert.Contains("\"kind\": \"Committed\"", info, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(chain, (await SnapshotsAsync("unpack", "--snapshotter", "native", fixture.Image)).StandardOutput.Trim());
        BufferedCommandResult unknown = await GantryAsync("snapshots", "unpack", "sha256:" + new string('0', 64));
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("no image points to", unknown.StandardError, StringComparison.Ordinal);
    }

    private async Task<BufferedCommandResult> SnapshotsAsync(params string[] arguments)
    {
        BufferedCommandResult result = await GantryAsync(["snapshots", .. arguments]);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }
}
