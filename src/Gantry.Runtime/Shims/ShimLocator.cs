using System.Text.RegularExpressions;
using Gantry.Core.Errors;
using Gantry.Linux.Processes;

namespace Gantry.Runtime.Shims;

/// <summary>
/// Finds the shim of a runtime. <c>io.containerd.NAME.vN</c> is the program <c>containerd-shim-NAME-vN</c>, next to the
/// daemon or in PATH; an absolute path is itself. The names that every client asks for when told nothing,
/// <c>io.containerd.runc.v2</c> and its forerunners, are this project's own shim unless the configuration says otherwise.
/// </summary>
/// <param name="overrides">What the configuration says: a program's path or name, by runtime.</param>
/// <param name="programDirectory">Where programs are looked for first.</param>
public sealed partial class ShimLocator(IReadOnlyDictionary<string, string> overrides, string programDirectory)
{
    /// <summary>The program of this project's own shim.</summary>
    public const string OwnShim = "containerd-shim-gantry-v1";

    /// <summary>Finds the shim.</summary>
    /// <param name="runtime">The runtime's name, or a shim's absolute path.</param>
    /// <returns>The path of its program.</returns>
    /// <exception cref="GantryException">
    /// InvalidArgument: that is no name of a runtime, or the path is none of a program. Unknown, as in containerd: it is not
    /// installed.
    /// </exception>
    public string Find(string runtime)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        if (overrides.TryGetValue(runtime, out string? forced))
        {
            return FindProgram(runtime, forced);
        }

        if (runtime.StartsWith('/'))
        {
            return File.Exists(runtime)
                ? runtime
                : throw new GantryException(ErrorKind.InvalidArgument, $"invalid runtime name {runtime}: no such program");
        }

        return FindProgram(runtime, ProgramOf(runtime));
    }

    /// <summary>The name of the program that a runtime's name stands for.</summary>
    internal static string ProgramOf(string runtime)
    {
        if (runtime is "io.containerd.runc.v2" or "io.containerd.runc.v1" or "io.containerd.runtime.v1.linux")
        {
            return OwnShim;
        }

        Match match = Rule().Match(runtime);
        return match.Success && !runtime.EndsWith('\n')
            ? $"containerd-shim-{match.Groups["name"].Value}-{match.Groups["version"].Value}"
            : throw new GantryException(
                ErrorKind.InvalidArgument,
                $"invalid runtime name {runtime}, correct runtime name should be either format like `io.containerd.runc.v2` "
                + "or a full path to the binary");
    }

    private string FindProgram(string runtime, string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(program)
                ? program
                : throw new GantryException(ErrorKind.NotFound, $"runtime \"{runtime}\": shim {program}");
        }

        string beside = Path.Combine(programDirectory, program);
        return File.Exists(beside)
            ? beside
            : Spawn.Find(program)
                ?? throw new GantryException(
                    ErrorKind.Unknown,
                    $"failed to start shim: failed to resolve runtime path: runtime \"{runtime}\" binary not installed "
                    + $"\"{program}\": file does not exist");
    }

    [GeneratedRegex(
        @"^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.(?<name>[A-Za-z0-9_-]+)\.(?<version>[A-Za-z0-9_-]+)$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Rule();
}
