using Xunit;

namespace Gantry.Client.Tests;

public sealed class ContainerdRunOptionsTests(ContainerdFixture fixture)
    : RunOptionsSuite(fixture), IClassFixture<ContainerdFixture>;
