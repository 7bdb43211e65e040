using Xunit;

namespace Gantry.Client.Tests;

public sealed class GantryCrunRunOptionsTests(GantryCrunFixture fixture)
    : RunOptionsSuite(fixture), IClassFixture<GantryCrunFixture>;
