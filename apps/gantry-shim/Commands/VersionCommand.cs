using System.Reflection;
using Gantry.Shim.Logging;

namespace Gantry.Shim.Commands;

/// <summary>Prints the version.</summary>
internal static class VersionCommand
{
    public static string Version =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? "";

    public static int Run()
    {
        string[] parts = Version.Split('+', 2);
        StandardStreams.Write(
            $"{ShimArguments.ProgramName}:\n  Version:  {parts[0]}\n  Revision: {(parts.Length > 1 ? parts[1] : "")}\n"
            + $"  .NET version: {Environment.Version}\n\n");
        return 0;
    }
}
