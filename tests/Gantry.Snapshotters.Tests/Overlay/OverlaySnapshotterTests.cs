using Gantry.Core.Snapshots;
using Gantry.Snapshotters.Overlay;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Snapshotters.Tests.Overlay;

public sealed class OverlaySnapshotterTests : StoredSnapshotterSuite
{
    protected override bool CanRebase => true;

    protected override ISnapshotDriver Open(string root)
    {
        Needs.Require(OverlayDriver.Probe(root) is null, "overlayfs");
        return OverlayDriver.Create(root, new OverlayOptions(), NullLogger<OverlayDriver>.Instance);
    }
}
