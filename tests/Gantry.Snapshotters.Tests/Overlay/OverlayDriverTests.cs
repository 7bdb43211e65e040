using System.Collections.Immutable;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Overlay;
using Gantry.Suites;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Snapshotters.Tests.Overlay;

public sealed class OverlayDriverTests : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;
    private readonly TempDirectory _root = new();
    private readonly OverlayDriver _driver;

    public OverlayDriverTests()
    {
        _driver = OverlayDriver.Create(
            _root["overlay"],
            new OverlayOptions { MountOptions = ["index=off"] },
            NullLogger<OverlayDriver>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task An_active_snapshot_without_parents_is_a_bind_mount()
    {
        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.Active, [], NoLabels, Token));

        Assert.Equal(("bind", Files(7)), (mount.Type, mount.Source));
        Assert.Equal(["rw", "rbind"], mount.Options);
    }

    [Fact]
    public async Task A_view_without_parents_is_a_read_only_bind_mount()
    {
        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.View, [], NoLabels, Token));

        Assert.Equal(["ro", "rbind"], mount.Options);
    }

    [Fact]
    public async Task A_view_of_one_parent_is_a_bind_mount_of_the_parent()
    {
        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.View, [3], NoLabels, Token));

        Assert.Equal(("bind", Files(3)), (mount.Type, mount.Source));
        Assert.Equal(["ro", "rbind"], mount.Options);
    }

    [Fact]
    public async Task An_active_snapshot_with_parents_is_an_overlay_with_options_in_containerds_order()
    {
        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.Active, [3, 1], NoLabels, Token));

        Assert.Equal(("overlay", "overlay"), (mount.Type, mount.Source));
        Assert.Equal(
            [
                $"workdir={_root["overlay/snapshots/7/work"]}",
                $"upperdir={Files(7)}",
                $"lowerdir={Files(3)}:{Files(1)}",
                "index=off",
            ],
            mount.Options);
    }

    [Fact]
    public async Task A_view_of_two_parents_is_an_overlay_of_lower_directories()
    {
        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.View, [3, 1], NoLabels, Token));

        Assert.Equal([$"lowerdir={Files(3)}:{Files(1)}", "index=off"], mount.Options);
    }

    [Fact]
    public async Task Layers_stack_in_a_real_mount()
    {
        Needs.Root();
        Needs.Require(OverlayDriver.Probe(_root.Path) is null, "overlayfs");
        await CreateAsync(1, SnapshotKind.Active);
        await File.WriteAllTextAsync(Path.Combine(Files(1), "a"), "lower", Token);
        await File.WriteAllTextAsync(Path.Combine(Files(1), "b"), "lower", Token);
        await CreateAsync(2, SnapshotKind.Active, 1);
        await File.WriteAllTextAsync(Path.Combine(Files(2), "b"), "middle", Token);
        await CreateAsync(3, SnapshotKind.Active, 2, 1);

        using (MountedDirectory mounted =
            new(_root["m"], await _driver.MountsAsync(3, SnapshotKind.Active, [2, 1], NoLabels, Token)))
        {
            Assert.Equal("lower", await File.ReadAllTextAsync(mounted["a"], Token));
            Assert.Equal("middle", await File.ReadAllTextAsync(mounted["b"], Token));
            File.Delete(mounted["a"]);
            await File.WriteAllTextAsync(mounted["c"], "upper", Token);
        }

        Assert.Equal(0, Stat.TryPath(Path.Combine(Files(3), "a"), out FileStatus whiteout));
        Assert.True(whiteout.IsWhiteout);
        Assert.Equal("upper", await File.ReadAllTextAsync(Path.Combine(Files(3), "c"), Token));
        Assert.Equal("lower", await File.ReadAllTextAsync(Path.Combine(Files(1), "a"), Token));
    }

    [Fact]
    public async Task A_view_refuses_writes()
    {
        Needs.Root();
        await CreateAsync(1, SnapshotKind.Active);

        using MountedDirectory mounted = new(_root["m"], await _driver.MountsAsync(2, SnapshotKind.View, [1], NoLabels, Token));

        await Assert.ThrowsAnyAsync<IOException>(() => File.WriteAllTextAsync(mounted["x"], "x", Token));
    }

    [Fact]
    public async Task The_top_directory_has_the_mode_and_owner_of_its_parents()
    {
        Needs.Root();
        await CreateAsync(1, SnapshotKind.Active);
        using (var files = Open.Directory(Files(1)))
        {
            Ownership.Set(files, 12, 34);
            Permissions.Set(files, 0x3C0 | 0x200);
        }

        await CreateAsync(2, SnapshotKind.Active, 1);

        Assert.Equal(0, Stat.TryPath(Files(2), out FileStatus status));
        Assert.Equal((12u, 34u, 0x3C0u | 0x200u), (status.Uid, status.Gid, status.Mode & InodeMode.PermissionMask));
    }

    [Fact]
    public async Task New_directories_have_containerds_modes_whatever_the_umask()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await CreateAsync(2, SnapshotKind.View);

        Assert.Equal("fs 755,work 711", Describe(1));
        Assert.Equal("fs 755", Describe(2));
    }

    [Fact]
    public async Task A_missing_parent_fails_and_leaves_nothing()
    {
        await Assert.ThrowsAsync<LinuxException>(() => CreateAsync(2, SnapshotKind.Active, 1));

        await _driver.CleanupAsync(known: null, Token);
        Assert.Empty(Directory.GetFileSystemEntries(_root["overlay/snapshots"]));
    }

    [Fact]
    public async Task Files_of_layers_show_mapped_owners_and_new_ones_have_the_hosts()
    {
        Needs.Root();
        Needs.Require(_driver.Capabilities.Contains("remap-ids"), "id-mapped mounts");
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            ["containerd.io/snapshot/uidmapping"] = "0:100000:65536",
            ["containerd.io/snapshot/gidmapping"] = "0:200000:65536",
        };
        await CreateAsync(1, SnapshotKind.Active);
        await CreateAsync(2, SnapshotKind.Active, 1);
        await File.WriteAllTextAsync(Path.Combine(Files(1), "a"), "lower", Token);
        await File.WriteAllTextAsync(Path.Combine(Files(2), "b"), "middle", Token);

        await _driver.CreateAsync(3, SnapshotKind.Active, [2, 1], labels, Token);
        IReadOnlyList<Mount> mounts = await _driver.MountsAsync(3, SnapshotKind.Active, [2, 1], labels, Token);

        Assert.Equal(["uidmap=0:100000:65536", "gidmap=0:200000:65536"], mounts[0].Options.Take(2));
        using (MountedDirectory mounted = new(_root["m"], mounts))
        {
            Assert.Equal((100000u, 200000u), OwnerOf(mounted.Path));
            Assert.Equal((100000u, 200000u), OwnerOf(mounted["a"]));
            Assert.Equal((100000u, 200000u), OwnerOf(mounted["b"]));
            await File.AppendAllTextAsync(mounted["a"], "!", Token);
        }

        Assert.Equal((100000u, 200000u), OwnerOf(Path.Combine(Files(3), "a")));
        Assert.Equal((0u, 0u), OwnerOf(Path.Combine(Files(1), "a")));
    }

    [Theory]
    [InlineData("0:1000", "0:1000:1")]
    [InlineData("1:1000:5", "0:1000:1")]
    [InlineData("0:1000:1", "")]
    [InlineData("0:4294967295:2", "0:1000:1")]
    [InlineData("0:1000:0", "0:1000:1")]
    public async Task A_mapping_that_makes_no_sense_is_an_InvalidArgument(string uids, string gids)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            ["containerd.io/snapshot/uidmapping"] = uids,
            ["containerd.io/snapshot/gidmapping"] = gids,
        };

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _driver.CreateAsync(1, SnapshotKind.Active, [], labels, Token));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task Keys_of_the_config_show_the_upper_directory_remove_at_once_and_allow_slow_chown()
    {
        await using OverlayDriver driver = OverlayDriver.Create(
            _root["second"],
            new OverlayOptions { ShowUpperDirectory = true, RemoveSynchronously = true, AllowSlowChown = true },
            NullLogger<OverlayDriver>.Instance);
        await driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);

        Assert.Equal(
            _root["second/snapshots/1/fs"], driver.OwnLabels(1)["containerd.io/snapshot/overlay.upperdir"]);
        await driver.RemoveAsync(1, Token);

        Assert.Empty(Directory.GetFileSystemEntries(_root["second/snapshots"]));
        Assert.DoesNotContain("only-remap-ids", driver.Capabilities);
        Assert.Contains("only-remap-ids", _driver.Capabilities);
        Assert.Empty(_driver.OwnLabels(1));
    }

    [Fact]
    public async Task Usage_counts_blocks_and_a_file_with_two_names_once()
    {
        await CreateAsync(1, SnapshotKind.Active);
        SnapshotUsage empty = await _driver.UsageAsync(1, [], Token);
        await File.WriteAllBytesAsync(Path.Combine(Files(1), "a"), new byte[100_000], Token);
        using (var files = Open.Directory(Files(1)))
        {
            Assert.Equal(0, Link.TryHard(files, "a"u8, files, "b"u8));
        }

        SnapshotUsage usage = await _driver.UsageAsync(1, [], Token);

        Assert.Equal(1, empty.Inodes);
        Assert.Equal(2, usage.Inodes);
        Assert.InRange(usage.Size - empty.Size, 100_000, 110_000);
    }

    [Fact]
    public async Task A_removed_snapshot_is_gone_at_once_and_its_files_after_the_clean_up()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await File.WriteAllTextAsync(Path.Combine(Files(1), "a"), "x", Token);

        await _driver.RemoveAsync(1, Token);
        await _driver.RemoveAsync(1, Token);

        Assert.False(Directory.Exists(_root["overlay/snapshots/1"]));
        await _driver.CleanupAsync(known: null, Token);
        Assert.Empty(Directory.GetFileSystemEntries(_root["overlay/snapshots"]));
    }

    [Fact]
    public async Task What_is_mounted_can_be_removed()
    {
        Needs.Root();
        Needs.Require(OverlayDriver.Probe(_root.Path) is null, "overlayfs");
        await CreateAsync(1, SnapshotKind.Active);
        await CreateAsync(2, SnapshotKind.Active, 1);
        using MountedDirectory mounted = new(_root["m"], await _driver.MountsAsync(2, SnapshotKind.Active, [1], NoLabels, Token));
        await File.WriteAllTextAsync(mounted["x"], "x", Token);

        await _driver.RemoveAsync(2, Token);

        await _driver.CleanupAsync(known: null, Token);
        Assert.Equal([_root["overlay/snapshots/1"]], Directory.GetFileSystemEntries(_root["overlay/snapshots"]));
    }

    [Fact]
    public async Task A_clean_up_removes_what_no_record_knows()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await CreateAsync(2, SnapshotKind.Active);
        Directory.CreateDirectory(_root["overlay/snapshots/.rm-9-left/fs/deep"]);
        Directory.CreateDirectory(_root["overlay/snapshots/.new-8/fs"]);
        Assert.Equal(8, _driver.GreatestId());

        await _driver.CleanupAsync(new HashSet<long> { 2 }, Token);

        Assert.Equal([_root["overlay/snapshots/2"]], Directory.GetFileSystemEntries(_root["overlay/snapshots"]));
    }

    [Fact]
    public void The_probe_leaves_nothing()
    {
        string? reason = OverlayDriver.Probe(_root["probe"]);

        Assert.Empty(Directory.GetFileSystemEntries(_root["probe"]));
        Assert.True(reason is null || reason.StartsWith("failed to mount overlay", StringComparison.Ordinal));
    }

    private string Files(long id) => _root[$"overlay/snapshots/{id}/fs"];

    private Task CreateAsync(long id, SnapshotKind kind, params long[] parents) =>
        _driver.CreateAsync(id, kind, parents, NoLabels, Token);

    private string Describe(long id) => string.Join(
        ',',
        Directory.GetDirectories(_root[$"overlay/snapshots/{id}"]).Order(StringComparer.Ordinal).Select(path =>
        {
            Assert.Equal(0, Stat.TryPath(path, out FileStatus status));
            return $"{Path.GetFileName(path)} {Convert.ToString(status.Mode & InodeMode.PermissionMask, 8)}";
        }));

    private static (uint Uid, uint Gid) OwnerOf(string path)
    {
        Assert.Equal(0, Stat.TryPath(path, out FileStatus status));
        return (status.Uid, status.Gid);
    }
}
