using System.Runtime.InteropServices;
using Xunit;

namespace Gantry.Testing;

/// <summary>
/// What a test needs of its machine. On a workstation a test whose need is not met is skipped; in CI (variable
/// <c>CI=true</c>) it fails, so that nothing is left out unseen.
/// </summary>
public static partial class Needs
{
    private static readonly bool InCi =
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.Ordinal);

    /// <summary>The test runs as root.</summary>
    public static void Root() => Require(geteuid() == 0, "root");

    /// <summary>A program is on the PATH.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path.</returns>
    public static string Program(string name)
    {
        string path = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin";
        string? found = path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        Require(found is not null, $"the program {name}");
        return found!;
    }

    /// <summary>A published program of the project; the variable <c>GANTRY_BIN</c> says where they are.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path.</returns>
    public static string Published(string name)
    {
        string path = Path.Combine(Environment.GetEnvironmentVariable("GANTRY_BIN") ?? "", name);
        Require(Path.IsPathRooted(path) && File.Exists(path), $"GANTRY_BIN to be a directory with {name} (eng/publish.sh DIR)");
        return path;
    }

    /// <summary>Skips the test, or in CI fails it, when a need is not met.</summary>
    /// <param name="met">Whether it is met.</param>
    /// <param name="what">What is needed.</param>
    public static void Require(bool met, string what)
    {
        if (met)
        {
            return;
        }

        if (InCi)
        {
            Assert.Fail($"this test needs {what}, and in CI that is an error");
        }

        Assert.Skip($"needs {what}");
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
