using Xunit;

namespace Gantry.Suites.Tests;

public sealed class ContainerdOverlaySnapshotterTests(ContainerdFixture fixture)
    : RemoteSnapshotterSuite(fixture, "overlayfs"), IClassFixture<ContainerdFixture>
{
    protected override bool IsReference => true;
}
