using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;

namespace Gantry.Transfer.Tests;

/// <summary>Programs of Debian's that read and write images.</summary>
internal static class Shell
{
    /// <summary>Runs a program of the PATH, and returns what it printed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        BufferedCommandResult result = await Cli.Wrap(Needs.Program(program))
            .WithArguments(arguments)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(PullFixture.Cancel);
        Xunit.Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result.StandardError}");
        return result.StandardOutput;
    }

    /// <summary>podman with a store of its own in a directory.</summary>
    public static Task<string> PodmanAsync(string directory, params string[] arguments) => RunAsync(
        "podman",
        [
            "--root", Path.Combine(directory, "podman"), "--runroot", Path.Combine(directory, "podman-run"),
            "--storage-driver", "vfs", .. arguments,
        ]);
}
