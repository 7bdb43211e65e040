using Xunit;

namespace Gantry.Client.Tests;

public sealed class ContainerdTaskTests(ContainerdFixture fixture) : TaskSuite(fixture), IClassFixture<ContainerdFixture>;
