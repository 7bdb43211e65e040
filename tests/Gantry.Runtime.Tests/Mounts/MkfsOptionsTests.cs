using Gantry.Core.Errors;
using Gantry.Runtime.Mounts.Transforms;
using Xunit;

namespace Gantry.Runtime.Tests.Mounts;

public sealed class MkfsOptionsTests
{
    private const string Prefix = "X-containerd.mkfs.";

    [Theory]
    [InlineData("1073741824")]
    [InlineData("1048576k")]
    [InlineData("1024MiB")]
    [InlineData("1024 MB")]
    [InlineData("1g")]
    [InlineData("1GiB")]
    public void Sizes_are_read_in_powers_of_two(string size) =>
        Assert.Equal(1L << 30, MkfsOptions.Take([$"{Prefix}size={size}"], Prefix, out _).Size);

    [Fact]
    public void Other_options_are_left_to_the_mount()
    {
        MkfsOptions options = MkfsOptions.Take(
            ["ro", $"{Prefix}size=1g", $"{Prefix}fs=xfs", $"{Prefix}uuid=550e8400-e29b-41d4-a716-446655440000"],
            Prefix,
            out IReadOnlyList<string> others);

        Assert.Equal(["ro"], others);
        Assert.Equal(
            ["-q", "-m", "uuid=550e8400-e29b-41d4-a716-446655440000", "/f"],
            options.Arguments("/f", "/empty"));
    }

    [Fact]
    public void A_filesystem_that_is_only_read_is_made_from_an_empty_directory() =>
        Assert.Equal(
            ["--quiet", "/f", "/empty"],
            MkfsOptions.Take([$"{Prefix}size=1m", $"{Prefix}fs=erofs"], Prefix, out _).Arguments("/f", "/empty"));

    [Theory]
    [InlineData("size=")]
    [InlineData("size=0")]
    [InlineData("size=-1")]
    [InlineData("size=1e30")]
    [InlineData("size=99999999999999999999999999999999")]
    [InlineData("size=17t")]
    [InlineData("fs=vfat")]
    [InlineData("fs=../x")]
    [InlineData("uuid=-x")]
    [InlineData("other=1")]
    [InlineData("fs=ext4")]
    public void A_bad_option_is_an_invalid_argument(string option)
    {
        GantryException error = Assert.Throws<GantryException>(
            () => MkfsOptions.Take([Prefix + option], Prefix, out _));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }
}
