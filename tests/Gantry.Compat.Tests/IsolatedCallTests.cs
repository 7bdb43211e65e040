using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The calls of a table on daemons whose namespaces don't share blobs.</summary>
public sealed class IsolatedCallTests(IsolatedCallTests.IsolatedDaemons daemons)
    : IClassFixture<IsolatedCallTests.IsolatedDaemons>
{
    [Fact]
    public Task Isolated_namespaces_behave_alike() => RawCallTests.CompareAsync(daemons, "Isolated/isolated");

    /// <summary>Both daemons, with the policy <c>isolated</c>.</summary>
    public sealed class IsolatedDaemons : RawCallTests.Daemons
    {
        protected override string Config =>
            """
            [plugins."io.containerd.metadata.v1.bolt"]
              content_sharing_policy = "isolated"
            """;
    }
}
