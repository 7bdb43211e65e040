using Xunit;

namespace Gantry.Suites.Tests;

public sealed class GantryNativeSnapshotterTests(GantryFixture fixture)
    : RemoteSnapshotterSuite(fixture, "native"), IClassFixture<GantryFixture>;
