using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Xunit;

namespace Gantry.Core.Tests.Labels;

public sealed class LabelRulesTests
{
    [Fact]
    public void A_label_of_4096_bytes_is_legal()
    {
        LabelRules.Validate(new Dictionary<string, string> { ["key"] = new('v', 4093), [""] = "" });
    }

    [Theory]
    [InlineData('v', 4094, 4097)]
    [InlineData('é', 2047, 4097)]
    public void A_longer_label_is_refused_in_bytes_not_characters(char filler, int count, int bytes)
    {
        Dictionary<string, string> labels = new() { ["key"] = new(filler, count) };

        GantryException error = Assert.Throws<GantryException>(() => LabelRules.Validate(labels));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Equal(
            $"label key and value length ({bytes} bytes) greater than maximum size (4096 bytes), key: key: invalid argument",
            error.Message);
    }
}
