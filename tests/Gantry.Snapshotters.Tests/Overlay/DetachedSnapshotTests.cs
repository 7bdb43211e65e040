using System.Collections.Immutable;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Overlay;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Snapshotters.Tests.Overlay;

/// <summary>Snapshots that get their parent when they are committed, and the layer that was applied to them with it.</summary>
public sealed class DetachedSnapshotTests : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;
    private static readonly IReadOnlyDictionary<string, string> Detached =
        ImmutableDictionary<string, string>.Empty.Add(WellKnownLabels.Detached, "true");

    private readonly TempDirectory _root = new();
    private readonly List<(string Upper, IReadOnlyList<string> Lower, DetachedNote Note)> _attached = [];
    private readonly OverlayDriver _driver;

    public DetachedSnapshotTests()
    {
        Needs.Root();
        _driver = OverlayDriver.Create(
            _root["overlay"],
            new OverlayOptions { MountOptions = ["index=off"] },
            NullLogger<OverlayDriver>.Instance,
            (upper, lower, note, _) => _attached.Add((upper, lower, note)));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task It_is_an_overlay_without_lower_directories_that_names_its_note()
    {
        await _driver.CreateAsync(7, SnapshotKind.Active, [], Detached, Token);

        Mount mount = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.Active, [], Detached, Token));

        Assert.Equal("overlay", mount.Type);
        Assert.Equal(
            [
                $"workdir={_root["overlay/snapshots/7/work"]}",
                $"upperdir={Files(7)}",
                $"gantry.detached={Note(7)}",
                "index=off",
            ],
            mount.Options);
        Assert.Empty(await File.ReadAllBytesAsync(Note(7), Token));
    }

    [Fact]
    public async Task It_takes_the_parent_as_its_top_and_the_layer_is_attached()
    {
        await CreateParentAsync();
        await _driver.CreateAsync(7, SnapshotKind.Active, [], Detached, Token);
        await WriteNoteAsync(7, "a/b");

        SnapshotUsage usage = await _driver.CommitAsync(7, [3, 1], Token);

        (string upper, IReadOnlyList<string> lower, DetachedNote note) = Assert.Single(_attached);
        Assert.Equal((Files(7), Files(3), Files(1)), (upper, lower[0], lower[1]));
        Assert.Equal("a/b"u8.ToArray(), Assert.Single(note.Directories).Path);
        Assert.Equal(0, Stat.TryPath(Files(7), out FileStatus top));
        Assert.Equal((5u, 6u, InodeMode.S_IFDIR | 0x1C0), (top.Uid, top.Gid, top.Mode));
        Assert.False(File.Exists(Note(7)));
        Assert.Equal(1, usage.Inodes);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task It_is_not_committed_without_a_layer_and_a_parent(bool applied, bool parent)
    {
        await CreateParentAsync();
        await _driver.CreateAsync(7, SnapshotKind.Active, [], Detached, Token);
        if (applied)
        {
            await WriteNoteAsync(7);
        }

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _driver.CommitAsync(7, parent ? [3, 1] : [], Token));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Empty(_attached);
    }

    [Fact]
    public async Task A_layer_is_attached_though_another_was_synced_together_with_it()
    {
        await CreateParentAsync();
        foreach (long id in new long[] { 7, 8 })
        {
            await _driver.CreateAsync(id, SnapshotKind.Active, [], Detached, Token);
            await WriteNoteAsync(id);
        }

        await _driver.CommitAsync(7, [3, 1], Token);
        await _driver.CommitAsync(8, [7, 3, 1], Token);

        Assert.Equal([Files(7), Files(8)], _attached.Select(attached => attached.Upper));
    }

    [Fact]
    public async Task The_label_means_nothing_with_a_parent_for_a_view_and_to_a_driver_that_can_not_attach()
    {
        await using OverlayDriver other = OverlayDriver.Create(
            _root["other"], new OverlayOptions(), NullLogger<OverlayDriver>.Instance);

        Mount onParent = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.Active, [3], Detached, Token));
        Mount view = Assert.Single(await _driver.MountsAsync(7, SnapshotKind.View, [], Detached, Token));
        Mount plain = Assert.Single(await other.MountsAsync(7, SnapshotKind.Active, [], Detached, Token));

        Assert.Contains($"lowerdir={Files(3)}", onParent.Options);
        Assert.Equal(("bind", "bind"), (view.Type, plain.Type));
    }

    private async Task CreateParentAsync()
    {
        await _driver.CreateAsync(1, SnapshotKind.Active, [], NoLabels, Token);
        await _driver.CreateAsync(3, SnapshotKind.Active, [1], NoLabels, Token);
        using var directory = Open.Directory(_root["overlay/snapshots/3"]);
        Ownership.SetAt(directory, "fs"u8, 5, 6);
        Permissions.SetAt(directory, "fs"u8, 0x1C0);
    }

    private Task WriteNoteAsync(long id, params string[] directories)
    {
        byte[] token = Guid.NewGuid().ToByteArray();
        DetachedNote note = new(
            token,
            [.. directories.Select(path => new ImpliedDirectory(System.Text.Encoding.UTF8.GetBytes(path), false))]);
        return File.WriteAllBytesAsync(Note(id), note.ToFile()!, Token);
    }

    private string Files(long id) => _root[$"overlay/snapshots/{id}/fs"];

    private string Note(long id) => _root[$"overlay/snapshots/{id}/detached"];
}
