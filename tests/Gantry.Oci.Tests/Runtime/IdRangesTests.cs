using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class IdRangesTests
{
    [Fact]
    public void Ids_inside_have_ids_outside()
    {
        SpecIdMapping[] ranges = [IdRanges.Parse("0:100000:10"), IdRanges.Parse("1000:5:1")];

        Assert.Equal(100_009u, IdRanges.ToHost(ranges, 9));
        Assert.Equal(5u, IdRanges.ToHost(ranges, 1000));
        Assert.Null(IdRanges.ToHost(ranges, 10));
        Assert.Equal("0:100000:10,1000:5:1", IdRanges.Format(ranges));
    }

    [Theory]
    [InlineData("0:1")]
    [InlineData("0:1:2:3")]
    [InlineData("a:1:2")]
    [InlineData("-1:1:2")]
    [InlineData("0:1:4294967296")]
    public void What_is_no_range_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => IdRanges.Parse(text));
    }

    [Theory]
    [InlineData("0:1:0", "empty")]
    [InlineData("0:4294967290:10", "beyond the last id")]
    [InlineData("0:10:10 5:100:1", "overlap")]
    [InlineData("0:10:10 20:15:1", "overlap")]
    [InlineData("1:10:10", "0, the root, is not mapped")]
    [InlineData("", "0 ranges")]
    public void What_the_kernel_would_refuse_is_refused(string ranges, string why)
    {
        SpecIdMapping[] parsed = [.. ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IdRanges.Parse)];

        FormatException failure = Assert.Throws<FormatException>(() => IdRanges.Check(parsed, "user"));

        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_ranges_of_a_user_follow_one_another()
    {
        const string File = "other:1:2\nbob:100000:65536\n# remark\n1000:300000:10\nbob:bad\nbob:5:0\n";

        Assert.Equal("0:100000:65536,65536:300000:10", IdRanges.Format(IdRanges.OfSubordinates(File, ["bob", "1000"])));
        Assert.Empty(IdRanges.OfSubordinates(File, ["alice"]));
    }
}
