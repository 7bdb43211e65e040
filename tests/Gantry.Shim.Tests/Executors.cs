using Gantry.Testing;

namespace Gantry.Shim.Tests;

/// <summary>The OCI runtimes that the shim is tried with.</summary>
internal static class Executors
{
    /// <summary>The name of a program of one's own that a client names: any will do that takes the same commands.</summary>
    public const string Other = "other";

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The path of a runtime.</summary>
    /// <param name="name">The name of a program, its path, or <see cref="Other"/>.</param>
    /// <param name="directory">Where a program can be made.</param>
    public static string PathOf(string name, TempDirectory directory) =>
        name == Other ? Script(directory[Other], "")
        : name.Contains('/', StringComparison.Ordinal) ? name
        : Needs.Program(name);

    /// <summary>Makes a runtime that does something before it goes on as runc.</summary>
    /// <param name="path">Where.</param>
    /// <param name="before">Lines of the shell.</param>
    public static string Script(string path, string before)
    {
        File.WriteAllText(path, $"#!/bin/bash\n{before}\nexec {Needs.Program("runc")} \"$@\"\n");
        File.SetUnixFileMode(path, Executable);
        return path;
    }
}
