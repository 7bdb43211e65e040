using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Linux;

namespace Gantry.Cli.CommandLine;

/// <summary>Commands that do the same to several objects: one that fails does not keep the others from it.</summary>
internal static class Each
{
    /// <summary>Does it to each, and prints the names of those that it was done to.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IEnumerable<string> names, Func<string, Task> action)
    {
        int exitCode = ExitCodes.Success;
        foreach (string name in names)
        {
            try
            {
                await action(name);
                StandardStreams.Out.WriteLine(name);
            }
            catch (Exception e) when (e is GantryException or LinuxException or FormatException)
            {
                StandardStreams.Complain(Failure.Describe(e)!);
                exitCode = ExitCodes.Failure;
            }
        }

        return exitCode;
    }
}
