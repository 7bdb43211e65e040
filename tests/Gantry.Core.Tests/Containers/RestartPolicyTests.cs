using Gantry.Core.Containers;
using Xunit;

namespace Gantry.Core.Tests.Containers;

public sealed class RestartPolicyTests
{
    [Theory]
    [InlineData("", 0u, true)]
    [InlineData("always", 0u, true)]
    [InlineData("no", 1u, false)]
    [InlineData("on-failure", 0u, false)]
    [InlineData("on-failure", 1u, true)]
    [InlineData("on-failure:3", 1u, true)]
    [InlineData("on-failure:2", 1u, false)]
    [InlineData("unless-stopped", 0u, true)]
    public void A_policy_says_whether_a_container_that_was_started_twice_again_is_started(
        string text, uint exitStatus, bool wanted)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal) { [RestartLabels.Count] = "2" };

        Assert.True(RestartPolicy.TryParse(text, out RestartPolicy? policy));
        Assert.Equal(wanted, policy.Wants(exitStatus, labels));
    }

    [Fact]
    public void What_a_user_has_stopped_stays_so_unless_it_is_always_to_run()
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal) { [RestartLabels.ExplicitlyStopped] = "true" };

        Assert.True(RestartPolicy.TryParse("unless-stopped", out RestartPolicy? unless));
        Assert.True(RestartPolicy.TryParse("always", out RestartPolicy? always));
        Assert.False(unless.Wants(0, labels));
        Assert.True(always.Wants(0, labels));
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("always:3")]
    [InlineData("on-failure:")]
    [InlineData("on-failure:x")]
    [InlineData("on-failure:-1")]
    public void A_policy_that_there_is_not_is_refused(string text) => Assert.False(RestartPolicy.TryParse(text, out _));
}
