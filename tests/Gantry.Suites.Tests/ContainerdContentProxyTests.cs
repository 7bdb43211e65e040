using Xunit;

namespace Gantry.Suites.Tests;

public sealed class ContainerdContentProxyTests(ContainerdContentProxyFixture fixture)
    : RemoteContentStoreSuite(fixture), IClassFixture<ContainerdContentProxyFixture>;
