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
    public static string Find(string name)
    {
        if (name is not Own)
        {
            return Needs.Program(name);
        }

        string directory = Environment.GetEnvironmentVariable("GANTRY_BIN") ?? "";
        string path = Path.Combine(directory, name);
        Needs.Require(directory.Length > 0 && File.Exists(path), $"{name} in the directory that GANTRY_BIN names");
        return path;
    }
}
