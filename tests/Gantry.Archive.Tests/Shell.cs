using CliWrap;
using CliWrap.Buffered;
using Xunit;

namespace Gantry.Archive.Tests;

/// <summary>Runs real tools.</summary>
internal static class Shell
{
    /// <summary>Runs a script with bash in a directory; it must succeed. Returns what it printed.</summary>
    public static async Task<string> RunAsync(string directory, string script)
    {
        BufferedCommandResult result = await Cli.Wrap("/bin/bash")
            .WithArguments(["-euc", script])
            .WithWorkingDirectory(directory)
            .WithEnvironmentVariables(env => env.Set("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").Set("LC_ALL", "C"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"{script}\n{result.StandardError}");
        return result.StandardOutput;
    }
}
