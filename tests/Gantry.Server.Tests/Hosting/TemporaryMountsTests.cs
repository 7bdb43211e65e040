using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Linux.Mounts;
using Gantry.Server.Hosting;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class TemporaryMountsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mounts_are_there_for_the_work_and_gone_afterwards()
    {
        Needs.Root();
        using TempDirectory directory = new();
        TemporaryMounts mounts = Create(directory);
        string seen = "";

        await mounts.WithAsync(
            [new Mount("tmpfs", "tmpfs", ["size=1m"])],
            (root, _) =>
            {
                seen = Assert.Single(MountInfo.ReadBelow(root)).FilesystemType;
                return Task.CompletedTask;
            },
            Token);

        Assert.Equal("tmpfs", seen);
        Assert.Empty(MountInfo.ReadBelow(directory["tmpmounts"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["tmpmounts"]));
    }

    [Fact]
    public async Task Nothing_stays_mounted_when_a_later_mount_fails()
    {
        Needs.Root();
        using TempDirectory directory = new();
        TemporaryMounts mounts = Create(directory);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => mounts.WithAsync(
            [new Mount("tmpfs", "tmpfs", []), new Mount("tmpfs", "tmpfs", []) { Target = "../out" }],
            (_, _) => Task.CompletedTask,
            Token));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Empty(MountInfo.ReadBelow(directory["tmpmounts"]));
    }

    [Fact]
    public void What_an_earlier_daemon_has_left_is_unmounted_and_not_emptied()
    {
        Needs.Root();
        using TempDirectory directory = new();
        string kept = Directory.CreateDirectory(directory["kept"]).FullName;
        File.WriteAllText(Path.Combine(kept, "file"), "precious");
        string left = Directory.CreateDirectory(directory["tmpmounts/left"]).FullName;
        MountCalls.Mount("bind", kept, left, ["rbind"]);

        Create(directory);

        Assert.Empty(MountInfo.ReadBelow(directory["tmpmounts"]));
        Assert.False(Directory.Exists(left));
        Assert.Equal("precious", File.ReadAllText(Path.Combine(kept, "file")));
    }

    private static TemporaryMounts Create(TempDirectory directory) =>
        new(directory["tmpmounts"], NullLogger<TemporaryMounts>.Instance);
}
