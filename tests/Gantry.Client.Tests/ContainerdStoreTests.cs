using Xunit;

namespace Gantry.Client.Tests;

public sealed class ContainerdStoreTests(ContainerdFixture fixture) : StoreSuite(fixture), IClassFixture<ContainerdFixture>;
