using Gantry.Core.Snapshots;
using Gantry.Snapshotters.Btrfs;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Snapshotters.Tests.Btrfs;

public sealed class BtrfsSnapshotterTests(BtrfsFixture fixture) : StoredSnapshotterSuite, IClassFixture<BtrfsFixture>
{
    private LoopFilesystem? _filesystem;

    protected override async Task<ISnapshotter> OpenAsync(string ns)
    {
        _filesystem = await fixture.GetAsync();
        return await base.OpenAsync(ns);
    }

    protected override ISnapshotDriver Open(string root) =>
        BtrfsDriver.Create(_filesystem![Guid.NewGuid().ToString("N")], NullLogger<BtrfsDriver>.Instance);
}
