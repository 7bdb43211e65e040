using Xunit;

namespace Gantry.Client.Tests;

public sealed class GantryCommandLineTests(GantryFixture fixture) : CommandLineSuite(fixture), IClassFixture<GantryFixture>;
