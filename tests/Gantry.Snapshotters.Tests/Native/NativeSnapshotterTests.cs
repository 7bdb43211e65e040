using Gantry.Core.Snapshots;
using Gantry.Snapshotters.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Snapshotters.Tests.Native;

public sealed class NativeSnapshotterTests : StoredSnapshotterSuite
{
    protected override ISnapshotDriver Open(string root) => NativeDriver.Create(root, NullLogger<NativeDriver>.Instance);
}
