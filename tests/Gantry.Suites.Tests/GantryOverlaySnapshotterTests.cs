using Xunit;

namespace Gantry.Suites.Tests;

public sealed class GantryOverlaySnapshotterTests(GantryFixture fixture)
    : RemoteSnapshotterSuite(fixture, "overlayfs"), IClassFixture<GantryFixture>
{
    protected override bool CanRebase => true;
}
