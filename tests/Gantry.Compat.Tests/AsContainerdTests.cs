using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// A daemon at containerd's own places, where clients find it that were told nothing: in a mount namespace of its own, so
/// that the places of this machine stay as they are. The same script runs on containerd.
/// </summary>
[Collection(ImagesCollection.Name)]
public sealed class AsContainerdTests(Images images)
{
    // Arguments: an image to pull, and the daemon's command line.
    private const string Script = """
        set -eu
        image=$1
        shift
        unset CONTAINERD_ADDRESS CONTAINERD_NAMESPACE GANTRY_ADDRESS
        mount -t tmpfs none /run
        mount -t tmpfs none /var/lib
        mount -t tmpfs none /etc/containerd
        printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\ngid = 4242\n' >/etc/containerd/config.toml
        "$@" 2>/run/log &
        daemon=$!
        tries=0
        until ctr version >/dev/null 2>&1; do
          tries=$((tries + 1))
          [ $tries -lt 300 ] && kill -0 $daemon || { cat /run/log >&2; exit 1; }
          sleep 0.1
        done
        stat -c '%n %F %a %u %g' /run/containerd /run/containerd/containerd.sock /run/containerd/containerd.sock.ttrpc
        ls -d /var/lib/containerd/io.containerd.content.v1.content /var/lib/containerd/io.containerd.metadata.v1.bolt
        ctr images pull --plain-http "$image" >/dev/null
        ctr run -d "$image" c1 sleep 1000
        ctr tasks exec --exec-id e1 c1 echo by exec
        ls /run/containerd/io.containerd.runtime.v2.task/default
        ctr tasks kill -s KILL c1
        until ctr tasks ls | grep -q STOPPED; do sleep 0.1; done
        ctr tasks rm c1 >/dev/null 2>&1 || true
        ctr containers rm c1
        ctr run --rm "$image" c2 echo by run
        kill $daemon
        wait $daemon || true
        """;

    [Fact]
    public async Task Clients_that_were_told_nothing_find_the_daemon_where_they_find_containerd()
    {
        Needs.Root();
        Needs.Program("ctr");
        string expected = await RunAsync(Needs.Program("containerd"));

        string output = await RunAsync(Needs.Published("gantryd"), "--as-containerd");

        Assert.Contains("by run", expected, StringComparison.Ordinal);
        Assert.Contains("/run/containerd/containerd.sock socket 660 0 4242", output, StringComparison.Ordinal);
        Assert.Equal(expected, output);
    }

    [Fact]
    public async Task Called_containerd_it_is_containerd()
    {
        Needs.Root();
        using TempDirectory directory = new();
        File.CreateSymbolicLink(directory["containerd"], Needs.Published("gantryd"));

        string output = await RunAsync(directory["containerd"]);

        Assert.Contains("by run", output, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(params string[] daemon)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        BufferedCommandResult result = await Cli.Wrap(Needs.Program("unshare"))
            .WithArguments(
            [
                "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                "sh", "-c", Script, "sh", images.Busybox, .. daemon,
            ])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(limit.Token);
        Assert.True(result.ExitCode == 0, result.StandardOutput + result.StandardError);
        return result.StandardOutput;
    }
}
