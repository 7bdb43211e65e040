using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Runtime.Mounts.Transforms;
using Xunit;

namespace Gantry.Runtime.Tests.Mounts;

public sealed class MountTemplateTests
{
    private static readonly ActiveMount[] Active =
    [
        .. Enumerable.Range(0, 3).Select(i => new ActiveMount(
            new Mount("bind", $"/source{i}", []) { Target = $"target{i}" }, $"/m/{i}", default)),
    ];

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("{{ mount 0 }}", "/m/0")]
    [InlineData("{{mount 2}}/upper", "/m/2/upper")]
    [InlineData("a{{ source 1 }}b{{ target 0 }}c", "a/source1btarget0c")]
    [InlineData("lowerdir={{ overlay 0 2 }}", "lowerdir=/m/0:/m/1:/m/2")]
    [InlineData("lowerdir={{ overlay 2 0 }}", "lowerdir=/m/2:/m/1:/m/0")]
    [InlineData("{{ overlay 1 1 }}", "/m/1")]
    public void Places_are_filled_in(string text, string expected) =>
        Assert.Equal(expected, MountTemplate.Fill(text, Active));

    [Theory]
    [InlineData("{{ mount 3 }}")]
    [InlineData("{{ mount -1 }}")]
    [InlineData("{{ mount x }}")]
    [InlineData("{{ mount }}")]
    [InlineData("{{ mount 99999999999999999999 }}")]
    [InlineData("{{ overlay 0 3 }}")]
    [InlineData("{{ overlay 0 }}")]
    [InlineData("{{ printf 0 }}")]
    [InlineData("{{ mount 0")]
    [InlineData("{{")]
    [InlineData("{{}}")]
    public void A_malformed_place_is_an_invalid_argument(string text)
    {
        GantryException error = Assert.Throws<GantryException>(() => MountTemplate.Fill(text, Active));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }
}
