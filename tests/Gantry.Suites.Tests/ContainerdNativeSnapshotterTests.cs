using Xunit;

namespace Gantry.Suites.Tests;

public sealed class ContainerdNativeSnapshotterTests(ContainerdFixture fixture)
    : RemoteSnapshotterSuite(fixture, "native"), IClassFixture<ContainerdFixture>
{
    protected override bool IsReference => true;
}
