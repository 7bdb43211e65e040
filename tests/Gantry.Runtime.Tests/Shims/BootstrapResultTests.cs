using System.Text;
using Gantry.Core.Errors;
using Gantry.Runtime.Shims;
using Xunit;

namespace Gantry.Runtime.Tests.Shims;

public sealed class BootstrapResultTests
{
    [Theory]
    [InlineData("unix:///run/s/x", 2, "unix:///run/s/x")]
    [InlineData("  unix:///run/s/x\n", 2, "unix:///run/s/x")]
    [InlineData("""{"version":3,"address":"unix:///run/s/x","protocol":"ttrpc"}""", 3, "unix:///run/s/x")]
    [InlineData("""{"version":2,"address":"unix:///run/s/x","protocol":""}""", 2, "unix:///run/s/x")]
    public void Json_and_a_bare_address_are_understood(string text, int version, string address)
    {
        BootstrapResult result = BootstrapResult.Parse(Encoding.UTF8.GetBytes(text));

        Assert.Equal(new BootstrapResult(version, address, "ttrpc"), result);
        Assert.Equal(result, BootstrapResult.Parse(result.ToJson()));
    }

    [Theory]
    [InlineData("", ErrorKind.InvalidArgument)]
    [InlineData("{", ErrorKind.InvalidArgument)]
    [InlineData("{}", ErrorKind.InvalidArgument)]
    [InlineData("""{"version":"x","address":1}""", ErrorKind.InvalidArgument)]
    [InlineData("a warning\nunix:///run/s/x", ErrorKind.InvalidArgument)]
    [InlineData("""{"version":4,"address":"unix:///x","protocol":"ttrpc"}""", ErrorKind.NotImplemented)]
    [InlineData("""{"version":3,"address":"unix:///x","protocol":"grpc"}""", ErrorKind.NotImplemented)]
    public void Anything_else_is_a_clear_error(string text, ErrorKind kind)
    {
        GantryException failure =
            Assert.Throws<GantryException>(() => BootstrapResult.Parse(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(kind, failure.Kind);
    }
}
