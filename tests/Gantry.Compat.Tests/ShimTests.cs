using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Foreign shims under our daemon, and our shim under containerd.</summary>
[Collection(ImagesCollection.Name)]
public sealed class ShimTests(Images images)
{
    private const string Life = """
        set -u
        ctr image pull --plain-http "$IMAGE" >/dev/null
        ctr run $RUNTIME --rm "$IMAGE" s1 sh -c 'echo out; exit 42'; echo "exit: $?"
        ctr run $RUNTIME -d "$IMAGE" s2 sleep 1000; echo "up: $?"
        ctr task exec --exec-id e1 s2 sh -c 'echo in; exit 7'; echo "exit: $?"
        (sleep 1; echo typed) | ctr task exec --exec-id e2 s2 cat; echo "exit: $?"
        ctr task ps s2 | wc -l
        [ -z "$SHOW_SHIM" ] || echo "shim: $(for p in $(pgrep -f -- "$CONTAINERD_ADDRESS"); do basename "$(readlink "/proc/$p/exe")"; done | grep shim | sort -u)"
        ctr task pause s2; ctr task ls | awk '{ print $1, $3 }'; ctr task resume s2
        ctr task metrics s2 | awk '{ print $1 }' | grep -E '^(ID|memory.usage_in_bytes|pids.current)'
        script -qec "ctr run $RUNTIME --rm -t '$IMAGE' s3 sh -c 'tty; exit 3'" /dev/null </dev/null >/dev/null; echo "exit: $?"
        ctr task kill -s SIGKILL s2
        for i in $(seq 100); do ctr task ls | grep -q 's2.*STOPPED' && break; sleep 0.1; done
        ctr task rm s2; ctr container rm s2
        ctr task ls; ctr container ls
        ctr image rm "$IMAGE" --sync >/dev/null
        """;

    private const string Pod = """
        set -u
        ctr image pull --plain-http "$IMAGE" >/dev/null
        pod="--annotation io.kubernetes.cri.sandbox-id=pod1"
        stopped() { for i in $(seq 300); do ctr task ls | grep -q "$1.*STOPPED" && break; sleep 0.1; done; }
        ctr run $RUNTIME $pod -d "$IMAGE" p1 sleep 1000; echo "first: $?"
        ctr run $RUNTIME $pod -d "$IMAGE" p2 sleep 1000; echo "second: $?"
        echo "shims: $(pgrep -f -- "^[^ ]*containerd-shim-.*$CONTAINERD_ADDRESS" | wc -l)"
        ctr task kill -s SIGKILL p1; stopped p1
        ctr task ls | awk '{ print $1, $3 }' | sort
        ctr task rm p1 2>/dev/null; ctr container rm p1
        ctr task exec --exec-id e1 p2 sh -c 'echo in; exit 7'; echo "exit: $?"
        ctr run $RUNTIME $pod --rm "$IMAGE" p3 sh -c 'exit 3'; echo "third: $?"
        ctr task kill -s SIGKILL p2; stopped p2
        ctr task rm p2 2>/dev/null; ctr container rm p2
        ctr task ls; ctr container ls
        ctr image rm "$IMAGE" --sync >/dev/null
        """;

    [Fact]
    public async Task Debians_shim_works_under_gantryd()
    {
        string shim = Needs.Program("containerd-shim-runc-v2");
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(
            $"""
            [plugins."io.containerd.internal.v1.gantry".shims]
            "io.containerd.runc.v2" = "{shim}"
            """);

        string expected = await LiveAsync(reference, "", "yes");
        string actual = await LiveAsync(gantry, "", "yes");

        Assert.True(expected == actual, $"--- containerd\n{expected}\n--- gantry\n{actual}\n{gantry.Tail()}");
        Assert.Contains("exit: 42", actual, StringComparison.Ordinal);
        Assert.Contains("shim: containerd-shim-runc-v2\n", actual, StringComparison.Ordinal);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_shim_given_by_its_path_works_under_gantryd()
    {
        string shim = Needs.Program("containerd-shim-runc-v2");
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);

        BufferedCommandResult result = await gantry.CtrAsync(
            "run", "--rm", "--runtime", shim, images.Busybox, "p1", "sh", "-c", "echo by path; exit 5");

        Assert.Equal("by path\n", result.StandardOutput);
        Assert.Equal(5, result.ExitCode);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task Our_shim_works_under_containerd()
    {
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync(GantryDaemon.BinDirectory);

        string expected = await LiveAsync(reference, "");
        string actual = await LiveAsync(reference, "--runtime io.containerd.gantry.v1");

        Assert.True(expected == actual, $"--- runc\n{expected}\n--- gantry\n{actual}\n{reference.Tail()}");
        Assert.Contains("exit: 42", actual, StringComparison.Ordinal);
        Assert.Empty(await reference.LeftoversAsync());
    }

    [Fact]
    public async Task The_containers_of_a_pod_share_a_shim_under_containerd_and_under_gantryd()
    {
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync(GantryDaemon.BinDirectory);
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        string expected = await LiveAsync(reference, "", script: Pod);
        string under = await LiveAsync(reference, "--runtime io.containerd.gantry.v1", script: Pod);
        string actual = await LiveAsync(gantry, "", script: Pod);

        Assert.Contains("shims: 1", expected, StringComparison.Ordinal);
        Assert.True(expected == under, $"--- runc\n{expected}\n--- gantry under containerd\n{under}\n{reference.Tail()}");
        Assert.True(expected == actual, $"--- runc\n{expected}\n--- gantry\n{actual}\n{gantry.Tail()}");
        Assert.Empty(await reference.LeftoversAsync());
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private async Task<string> LiveAsync(
        PrivateDaemon daemon, string runtime, string showShim = "", string script = Life)
    {
        BufferedCommandResult result = await daemon.RunAsync(
            "/bin/bash",
            ["-c", "exec 2>&1\n" + script],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["IMAGE"] = images.Busybox,
                ["RUNTIME"] = runtime,
                ["SHOW_SHIM"] = showShim,
            });
        return Transcript.Normalise(result.StandardOutput, daemon);
    }
}
