using System.ComponentModel;
using System.Diagnostics;
using Gantry.Core.Errors;

namespace Gantry.Cli.Daemon;

/// <summary>The daemon's program, for what is done without a daemon: the one beside this program, or on the PATH.</summary>
internal static class DaemonProgram
{
    private const string Name = "gantryd";

    /// <summary>Runs it on this program's own terminal.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string beside = Path.Combine(AppContext.BaseDirectory, Name);
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(File.Exists(beside) ? beside : Name, arguments) { UseShellExecute = false },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new GantryException(ErrorKind.NotFound, $"program {Name}: neither beside this one nor on the PATH", e);
        }

        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }
}
