using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Xunit;

namespace Gantry.Core.Tests.Namespaces;

public sealed class IdentifierTests
{
    [Theory]
    [InlineData("default")]
    [InlineData("k8s.io")]
    [InlineData("A-1_b.c")]
    [InlineData("0")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345")]
    public void Letters_and_digits_in_groups_are_legal(string text)
    {
        Identifier.Validate(text);

        Assert.Equal(text, Namespace.Parse(text).ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("\na")]
    [InlineData("a\0")]
    [InlineData("é")]
    [InlineData("٣")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234567890123456")]
    public void Anything_else_is_refused(string? text)
    {
        GantryException error = Assert.Throws<GantryException>(() => Identifier.Validate(text));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public void The_errors_read_as_those_of_containerd()
    {
        Assert.Equal(
            "identifier must not be empty: invalid argument",
            Assert.Throws<GantryException>(() => Identifier.Validate("")).Message);
        Assert.Equal(
            "identifier \"a..b\" must match ^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$: invalid argument",
            Assert.Throws<GantryException>(() => Identifier.Validate("a..b")).Message);
    }
}
