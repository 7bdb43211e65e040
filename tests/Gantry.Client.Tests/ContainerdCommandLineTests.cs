using Xunit;

namespace Gantry.Client.Tests;

public sealed class ContainerdCommandLineTests(ContainerdFixture fixture) : CommandLineSuite(fixture), IClassFixture<ContainerdFixture>;
