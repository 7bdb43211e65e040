using Xunit;

namespace Gantry.Suites.Tests;

public sealed class GantryContentStoreTests(GantryFixture fixture)
    : RemoteContentStoreSuite(fixture), IClassFixture<GantryFixture>;
