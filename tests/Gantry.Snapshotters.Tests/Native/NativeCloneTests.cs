using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Native;
using Gantry.Snapshotters.Tests.Btrfs;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Snapshotters.Tests.Native;

/// <summary>The native driver on a filesystem that can share blocks.</summary>
public sealed class NativeCloneTests(BtrfsFixture fixture) : IClassFixture<BtrfsFixture>
{
    private const int Size = 64 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_shares_its_blocks_with_the_parent()
    {
        LoopFilesystem filesystem = await fixture.GetAsync();
        await using NativeDriver driver =
            NativeDriver.Create(filesystem["native"], NullLogger<NativeDriver>.Instance);
        await driver.CreateAsync(1, SnapshotKind.Active, [], ImmutableDictionary<string, string>.Empty, Token);
        byte[] data = RandomNumberGenerator.GetBytes(Size);
        await File.WriteAllBytesAsync(filesystem["native/snapshots/1/large"], data, Token);
        FileSync.Syncfs(filesystem.Path);
        long before = new DriveInfo(filesystem.Path).AvailableFreeSpace;

        await driver.CreateAsync(2, SnapshotKind.Active, [1], ImmutableDictionary<string, string>.Empty, Token);
        FileSync.Syncfs(filesystem.Path);

        Assert.InRange(new DriveInfo(filesystem.Path).AvailableFreeSpace, before - (Size / 8), long.MaxValue);
        Assert.Equal(data, await File.ReadAllBytesAsync(filesystem["native/snapshots/2/large"], Token));
    }
}
