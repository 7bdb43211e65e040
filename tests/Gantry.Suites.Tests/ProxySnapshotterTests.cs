using Xunit;

namespace Gantry.Suites.Tests;

public sealed class ProxySnapshotterTests(ProxyFixture fixture)
    : RemoteSnapshotterSuite(fixture, "remote"), IClassFixture<ProxyFixture>
{
    protected override bool CanRebase => true;
}
