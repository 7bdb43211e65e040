using System.Runtime.InteropServices;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Oci.Tests.Image;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/x86_64", "linux/amd64")]
    [InlineData("Linux/AMD64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("linux/aarch64", "linux/arm64/v8")]
    [InlineData("linux/arm64/8", "linux/arm64/v8")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("linux/i686", "linux/386")]
    [InlineData("s390x", "linux/s390x")]
    public void A_platform_is_brought_to_one_spelling(string text, string normal) =>
        Assert.Equal(normal, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("linux/amd64/v1/x")]
    [InlineData("linux/am d64")]
    [InlineData("nonsense")]
    public void What_is_no_platform_is_refused(string text) =>
        Assert.Throws<FormatException>(() => Platform.Parse(text));

    [Fact]
    public void The_current_platform_is_that_of_the_machine()
    {
        string expected = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "linux/amd64",
            Architecture.Arm64 => "linux/arm64/v8",
            _ => Platform.Current.ToString(),
        };

        Assert.Equal(expected, Platform.Current.ToString());
        Assert.Equal(0, PlatformMatcher.Default.Rank(Platform.Current));
    }

    [Fact]
    public void A_64_bit_machine_takes_32_bit_images_only_after_its_own()
    {
        PlatformMatcher matcher = PlatformMatcher.Only(Platform.Parse("linux/amd64"));

        Assert.Equal(0, matcher.Rank(new Platform("linux", "x86_64")));
        Assert.Equal(1, matcher.Rank(Platform.Parse("linux/386")));
        Assert.Null(matcher.Rank(Platform.Parse("linux/amd64/v3")));
        Assert.Null(matcher.Rank(Platform.Parse("windows/amd64")));
        Assert.Null(matcher.Rank(new Platform("unknown", "unknown")));
    }

    [Fact]
    public void An_arm_machine_takes_lower_variants_highest_first()
    {
        PlatformMatcher matcher = PlatformMatcher.Only(Platform.Parse("linux/arm/v7"));

        string[] order = [.. new[] { "linux/arm/v5", "linux/arm/v7", "linux/arm/v8", "linux/arm/v6", "linux/amd64" }
            .Select(Platform.Parse)
            .Where(matcher.Matches)
            .OrderBy(matcher.Rank)
            .Select(platform => platform.ToString())];

        Assert.Equal(["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"], order);
    }

    [Fact]
    public void An_arm64_machine_takes_an_image_that_names_no_variant()
    {
        PlatformMatcher matcher = PlatformMatcher.Only(Platform.Parse("linux/arm64"));

        Assert.Equal(0, matcher.Rank(new Platform("linux", "arm64")));
        Assert.True(matcher.Matches(Platform.Parse("linux/arm/v7")));
    }
}
