using Gantry.Oci.Distribution;
using Xunit;

namespace Gantry.Oci.Tests.Distribution;

public sealed class RegistryErrorsTests
{
    [Theory]
    [InlineData("""{"errors":[{"code":"DENIED","message":"not yours","detail":{"x":1}}]}""", "denied: not yours")]
    [InlineData("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""", "manifest unknown")]
    [InlineData("""{"errors":[{"message":"a\u001b[31mb\nc"},null]}""", "a [31mb c")]
    [InlineData("""{"errors":null}""", "")]
    [InlineData("<html>", "")]
    [InlineData("", "")]
    public void The_errors_of_a_body_are_shown_in_plain_words(string body, string shown) =>
        Assert.Equal(shown, string.Join("; ", RegistryErrors.Parse(System.Text.Encoding.UTF8.GetBytes(body))));
}
