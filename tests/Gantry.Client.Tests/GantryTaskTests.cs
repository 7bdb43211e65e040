using Xunit;

namespace Gantry.Client.Tests;

public sealed class GantryTaskTests(GantryFixture fixture) : TaskSuite(fixture), IClassFixture<GantryFixture>;
