using Xunit;

namespace Gantry.Suites.Tests;

public sealed class ContainerdContentStoreTests(ContainerdFixture fixture)
    : RemoteContentStoreSuite(fixture), IClassFixture<ContainerdFixture>
{
    protected override bool IsReference => true;
}
