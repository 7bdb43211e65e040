using Gantry.Core.Errors;
using Gantry.Runtime.Shims;
using Gantry.Testing;
using Xunit;

namespace Gantry.Runtime.Tests.Shims;

public sealed class ShimLocatorTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("io.containerd.runc.v2", "containerd-shim-gantry-v1")]
    [InlineData("io.containerd.runc.v1", "containerd-shim-gantry-v1")]
    [InlineData("io.containerd.runtime.v1.linux", "containerd-shim-gantry-v1")]
    [InlineData("io.containerd.gantry.v1", "containerd-shim-gantry-v1")]
    [InlineData("io.containerd.kata.v2", "containerd-shim-kata-v2")]
    [InlineData("io.containerd.my-own.v3", "containerd-shim-my-own-v3")]
    [InlineData("io.containerd.spin.v2", "containerd-shim-spin-v2")]
    public void A_runtime_is_found_beside_the_daemon(string runtime, string program)
    {
        File.WriteAllText(_directory[program], "");

        Assert.Equal(_directory[program], Locator().Find(runtime));
    }

    [Theory]
    [InlineData("")]
    [InlineData("runc")]
    [InlineData("runc v2")]
    [InlineData("io..v2")]
    [InlineData("io.containerd.../../bin/sh.v2")]
    [InlineData("io.containerd.runc.v2\n")]
    [InlineData("/no/such/program")]
    public void What_is_no_name_of_a_runtime_is_refused(string runtime)
    {
        GantryException failure = Assert.Throws<GantryException>(() => Locator().Find(runtime));

        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
    }

    [Fact]
    public void A_shim_that_is_not_installed_is_named_in_the_words_of_containerd()
    {
        GantryException failure = Assert.Throws<GantryException>(() => Locator().Find("io.containerd.nowhere.v9"));

        Assert.Equal(ErrorKind.Unknown, failure.Kind);
        Assert.Contains(
            "binary not installed \"containerd-shim-nowhere-v9\": file does not exist",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_overrides_the_name()
    {
        Dictionary<string, string> forced = new(StringComparer.Ordinal) { ["io.containerd.runc.v2"] = "/bin/true" };

        Assert.Equal("/bin/true", new ShimLocator(forced, _directory.Path).Find("io.containerd.runc.v2"));
    }

    private ShimLocator Locator() => new(new Dictionary<string, string>(StringComparer.Ordinal), _directory.Path);
}
