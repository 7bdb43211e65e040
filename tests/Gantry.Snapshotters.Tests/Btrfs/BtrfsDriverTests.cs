using System.Collections.Immutable;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Snapshotters.Btrfs;
using Gantry.Suites;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Subvolumes = Gantry.Linux.Filesystems.Btrfs;

namespace Gantry.Snapshotters.Tests.Btrfs;

public sealed class BtrfsDriverTests(BtrfsFixture fixture) : IClassFixture<BtrfsFixture>, IAsyncLifetime
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;
    private readonly TempDirectory _work = new();
    private BtrfsDriver? _driver;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BtrfsDriver Driver => _driver!;

    public async ValueTask InitializeAsync()
    {
        LoopFilesystem filesystem = await fixture.GetAsync();
        _driver = BtrfsDriver.Create(filesystem[Guid.NewGuid().ToString("N")], NullLogger<BtrfsDriver>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (_driver is not null)
        {
            await _driver.DisposeAsync();
        }

        _work.Dispose();
    }

    [Fact]
    public async Task Mounts_name_the_device_and_the_subvolume()
    {
        await Driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);
        await Driver.CommitAsync(1, [], Token);
        await Driver.CreateAsync(2, SnapshotKind.View, [1], NoLabels, Token);
        await Driver.CreateAsync(3, SnapshotKind.Active, [1], NoLabels, Token);

        Mount view = Assert.Single(await Driver.MountsAsync(2, SnapshotKind.View, [1], NoLabels, Token));
        Mount active = Assert.Single(await Driver.MountsAsync(3, SnapshotKind.Active, [1], NoLabels, Token));

        Assert.Equal("btrfs", view.Type);
        Assert.StartsWith("/dev/loop", view.Source, StringComparison.Ordinal);
        Assert.Equal([$"subvolid={Subvolumes.SubvolumeId(Of("view/2"))}", "ro"], view.Options);
        Assert.Equal([$"subvolid={Subvolumes.SubvolumeId(Of("active/3"))}"], active.Options);
        Assert.True(Directory.Exists(Of("snapshots/1")));
    }

    [Fact]
    public async Task A_commit_that_was_never_recorded_is_taken_back()
    {
        await Driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);
        await Driver.CommitAsync(1, [], Token);

        using (MountedDirectory mounted =
            new(_work["m"], await Driver.MountsAsync(1, SnapshotKind.Active, [], NoLabels, Token)))
        {
            await File.WriteAllTextAsync(mounted["a"], "", Token);
        }

        await Driver.CommitAsync(1, [], Token);
        Assert.True(File.Exists(Of("snapshots/1/a")));
    }

    [Fact]
    public async Task Usage_of_a_child_is_what_it_has_changed()
    {
        await Driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);
        await File.WriteAllBytesAsync(Of("active/1/large"), new byte[1 << 20], Token);
        await File.WriteAllBytesAsync(Of("active/1/other"), new byte[1 << 20], Token);
        SnapshotUsage parent = await Driver.CommitAsync(1, [], Token);
        await Driver.CreateAsync(2, SnapshotKind.Active, [1], NoLabels, Token);
        SnapshotUsage before = await Driver.UsageAsync(2, [1], Token);
        await File.WriteAllBytesAsync(Of("active/2/large"), new byte[1 << 16], Token);
        File.Delete(Of("active/2/other"));

        SnapshotUsage after = await Driver.CommitAsync(2, [1], Token);

        Assert.InRange(parent.Size, 2 << 20, 3 << 20);
        Assert.Equal(default, before);
        Assert.Equal(1, after.Inodes);
        Assert.InRange(after.Size, 1 << 16, 1 << 17);
    }

    [Fact]
    public async Task Removed_snapshots_and_those_nobody_knows_are_destroyed_with_subvolumes_made_in_them()
    {
        await Driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);
        Subvolumes.CreateSubvolume(Of("active/1/nested"));
        await File.WriteAllTextAsync(Of("active/1/nested/file"), "", Token);
        await Driver.CreateAsync(2, SnapshotKind.Active, [], NoLabels, Token);
        await Driver.CommitAsync(2, [], Token);
        await Driver.CreateAsync(3, SnapshotKind.View, [2], NoLabels, Token);
        Assert.Equal(3, Driver.GreatestId());

        await Driver.RemoveAsync(1, Token);
        Assert.False(Directory.Exists(Of("active/1")));
        await Driver.CleanupAsync(new HashSet<long> { 2 }, Token);

        Assert.Equal(
            ["active", "snapshots", "snapshots/2", "view"],
            Directory.EnumerateFileSystemEntries(Driver.Root, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Driver.Root, path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Another_filesystem_is_refused_with_the_reason()
    {
        Needs.Require(!Subvolumes.IsBtrfs(_work.Path), "a temporary directory that is not on btrfs");

        GantryException error = Assert.Throws<GantryException>(
            () => BtrfsDriver.Create(_work["b"], NullLogger<BtrfsDriver>.Instance));

        Assert.Contains("must be a btrfs filesystem to be used with the btrfs snapshotter", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_work["b"]));
    }

    private string Of(string name) => Path.Combine(Driver.Root, name);
}
