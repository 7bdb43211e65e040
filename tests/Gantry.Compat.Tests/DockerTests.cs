using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Debian's dockerd does the same on Gantry's socket as on containerd's.</summary>
[Collection(ImagesCollection.Name)]
public sealed class DockerTests(Images images)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_script_of_docker_shows_the_same_on_both()
    {
        Needs.Program("dockerd");
        using TempDirectory work = new();
        string archive = work["image.tar"];
        await Images.ShellAsync(
            """skopeo copy -q --src-tls-verify=false "docker://$1" "docker-archive:$2:bb:latest" """, images.Busybox, archive);

        string expected;
        await using (ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync())
        {
            expected = await RunAsync(containerd, archive);
        }

        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        string actual = await RunAsync(gantry, archive);

        Assert.Contains("through stdin", expected, StringComparison.Ordinal);
        Assert.True(
            string.Equals(expected, actual, StringComparison.Ordinal),
            $"--- containerd\n{expected}\n--- gantry\n{actual}\n{gantry.Tail()}");
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private static async Task<string> RunAsync(PrivateDaemon daemon, string archive)
    {
        using TempDirectory directory = new();
        using CancellationTokenSource stop = new();
        StringBuilder log = new();
        string socket = "unix://" + directory["docker.sock"];

        // Its own namespaces: what containerd's shim keeps of a task goes by them and is the machine's.
        string name = Path.GetFileName(directory.Path);
        CommandTask<CommandResult> dockerd = Cli.Wrap(Needs.Program("dockerd"))
            .WithArguments(
            [
                "--containerd", daemon.Address, "-H", socket, "--pidfile", directory["pid"],
                "--data-root", directory["data"], "--exec-root", directory["exec"],
                "--iptables=false", "--bridge=none",
                "--containerd-namespace", name, "--containerd-plugins-namespace", name + "-plugins",
            ])
            .WithStandardErrorPipe(PipeTarget.ToStringBuilder(log))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(CancellationToken.None, stop.Token);
        try
        {
            Dictionary<string, string?> environment = new(StringComparer.Ordinal)
            {
                ["DOCKER_HOST"] = socket,
                ["ARCHIVE"] = archive,
            };
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(Limit);
            while ((await daemon.RunAsync("docker", ["info"], environment)).ExitCode != 0)
            {
                Assert.False(dockerd.Task.IsCompleted || limit.IsCancellationRequested, $"dockerd does not serve:\n{log}");
                await Task.Delay(TimeSpan.FromMilliseconds(100), Token);
            }

            BufferedCommandResult result = await daemon.RunAsync(
                "timeout",
                ["100", "/bin/bash", Path.Combine(AppContext.BaseDirectory, "DockerScripts", "docker.sh")],
                environment);
            return result.StandardOutput;
        }
        finally
        {
            // It stops on the signal that this token sends.
            await stop.CancelAsync();
            try
            {
                await dockerd;
            }
            catch (OperationCanceledException)
            {
                // That is how CliWrap tells of it.
            }

            await Images.ShellAsync("""grep -o " $1[^ ]*" /proc/mounts | tac | while read -r m; do umount -l "$m"; done; true""", directory.Path);
        }
    }
}
