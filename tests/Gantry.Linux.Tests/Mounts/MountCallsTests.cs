using Gantry.Linux.Mounts;
using Gantry.Testing;
using Xunit;

namespace Gantry.Linux.Tests.Mounts;

public sealed class MountCallsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose()
    {
        MountCalls.UnmountAll(_directory["target"], UnmountFlags.MNT_DETACH);
        _directory.Dispose();
    }

    [Fact]
    public void A_read_only_bind_cannot_be_written_to()
    {
        Needs.Root();
        string source = Make("source");
        string target = Make("target");

        MountCalls.Mount("bind", source, target, ["rbind", "ro", "rprivate"]);
        File.WriteAllText(Path.Combine(source, "f"), "x");

        Assert.Equal("x", File.ReadAllText(Path.Combine(target, "f")));
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(Path.Combine(target, "g"), "x"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    [InlineData(480)]
    public void An_overlay_of_many_layers_shows_all_of_them(int layers)
    {
        Needs.Root();
        string target = Make("target");
        string prefix = new('p', 40);
        List<string> lower = [];
        for (int i = 0; i < layers; i++)
        {
            string layer = Make($"{prefix}/{i}/fs");
            File.WriteAllText(Path.Combine(layer, $"f{i}"), "x");
            lower.Add(layer);
        }

        MountCalls.Mount(
            "overlay",
            "overlay",
            target,
            ["index=off", $"workdir={Make("up/work")}", $"upperdir={Make("up/fs")}", $"lowerdir={string.Join(':', lower)}"]);

        Assert.Equal(layers, Directory.GetFiles(target).Length);
    }

    [Fact]
    public void All_mounts_at_a_place_are_taken_away_and_none_is_no_error()
    {
        Needs.Root();
        string target = Make("target");
        MountCalls.Mount("tmpfs", "tmpfs", target, ["size=1m"]);
        MountCalls.Mount("tmpfs", "tmpfs", target, ["size=1m"]);

        int first = MountCalls.UnmountAll(target, UnmountFlags.None);
        int second = MountCalls.UnmountAll(target, UnmountFlags.None);
        int missing = MountCalls.UnmountAll(_directory["missing"], UnmountFlags.None);

        Assert.Equal((2, 0, 0), (first, second, missing));
    }

    [Fact]
    public void A_refused_mount_says_where_and_why()
    {
        Needs.Root();

        LinuxException error = Assert.Throws<LinuxException>(
            () => MountCalls.Mount("tmpfs", "tmpfs", _directory["missing"], []));

        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Equal($"mount {_directory["missing"]}: no such file or directory", error.Message);
    }

    private string Make(string name) => Directory.CreateDirectory(_directory[name]).FullName;
}
