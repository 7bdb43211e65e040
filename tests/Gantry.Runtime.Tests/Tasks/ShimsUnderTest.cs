using Gantry.Testing;
using Xunit;

namespace Gantry.Runtime.Tests.Tasks;

/// <summary>The shims that the tests of tasks run with.</summary>
internal static class ShimsUnderTest
{
    public const string Debian = "containerd-shim-runc-v2";
    public const string Own = "containerd-shim-gantry-v1";

    public static TheoryData<string> All => [Debian, Own];

    /// <summary>The path of a shim; the project's own is where <c>GANTRY_BIN</c> says.</summary>
    public static string Find(string name) => name is Own ? Needs.Published(name) : Needs.Program(name);
}
