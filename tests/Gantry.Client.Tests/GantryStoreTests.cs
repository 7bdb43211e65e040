using Xunit;

namespace Gantry.Client.Tests;

public sealed class GantryStoreTests(GantryFixture fixture) : StoreSuite(fixture), IClassFixture<GantryFixture>;
