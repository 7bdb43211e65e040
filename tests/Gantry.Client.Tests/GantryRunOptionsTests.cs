using Xunit;

namespace Gantry.Client.Tests;

public sealed class GantryRunOptionsTests(GantryFixture fixture) : RunOptionsSuite(fixture), IClassFixture<GantryFixture>;
