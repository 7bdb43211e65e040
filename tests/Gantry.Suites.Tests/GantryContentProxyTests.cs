using Xunit;

namespace Gantry.Suites.Tests;

public sealed class GantryContentProxyTests(GantryContentProxyFixture fixture)
    : RemoteContentStoreSuite(fixture), IClassFixture<GantryContentProxyFixture>;
