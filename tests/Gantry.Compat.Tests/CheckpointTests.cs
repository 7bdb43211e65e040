using System.Text.RegularExpressions;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// Checkpoint and restore. The variable <c>GANTRY_CRIU</c> names a criu that knows this kernel; without one the criu that is
/// installed is tried, and where it fails, it must fail with the same words everywhere and leave nothing.
/// </summary>
[Collection(ImagesCollection.Name)]
public sealed partial class CheckpointTests(Images images)
{
    private const string Fail = """
        exec 2>&1
        ctr image pull --plain-http "$IMAGE" >/dev/null
        ctr run -d "$IMAGE" cp sleep 1000 </dev/null
        ctr task checkpoint cp; echo "exit: $?"
        ctr task ls | awk '{ print $1, $3 }'
        ctr content ls -q | wc -l; ctr image ls -q | wc -l
        ctr task exec --exec-id e cp echo alive
        ctr task kill -s SIGKILL cp
        for i in $(seq 100); do ctr task ls | grep -q 'cp.*STOPPED' && break; sleep 0.1; done
        ctr task rm cp; ctr container rm cp
        """;

    private const string Whole = """
        exec 2>&1
        REF="${IMAGE%/*}/checkpoint-$RANDOM$RANDOM:v1"
        ctr image pull --plain-http "$IMAGE" >/dev/null
        ctr run -d "$IMAGE" cp sh -c 'i=0; while true; do i=$((i+1)); echo $i >/count; sleep 0.1; done' </dev/null
        until ctr task exec --exec-id "e$RANDOM" cp cat /count 2>/dev/null | grep -q '^[0-9][0-9]'; do sleep 0.2; done
        ctr container checkpoint --image --rw --task cp "$REF"; echo "checkpoint: $?"
        at=$(ctr task exec --exec-id at cp cat /count)
        ctr task checkpoint --exit cp >/dev/null; echo "again: $?"
        for i in $(seq 100); do ctr task ls | grep -q 'cp.*STOPPED' && break; sleep 0.1; done
        ctr task rm cp; ctr container rm cp
        ctr content get "$(ctr image ls | awk -v r="$REF" '$1 == r { print $3 }')" | jq -r '.manifests[].mediaType'
        ctr image push --plain-http "$REF" >/dev/null 2>&1; echo "push: $?"
        ctr image rm --sync $(ctr image ls -q | grep -v -F "$IMAGE") >/dev/null
        ctr container restore --rw --live back "$REF" </dev/null >/dev/null 2>restore.log &
        for i in $(seq 300); do ctr task ls 2>/dev/null | grep -q 'back.*RUNNING' && break; sleep 0.1; done
        until now=$(ctr task exec --exec-id "e$RANDOM" back cat /count 2>/dev/null) && [ -n "$now" ]; do sleep 0.1; done
        [ "$now" -ge 10 ] && [ "$at" -ge 10 ] && echo "goes on"
        ctr task kill -s SIGKILL back; wait
        ctr task rm back 2>/dev/null; ctr container rm back 2>/dev/null
        ctr task ls -q; ctr container ls -q; ctr snapshots ls | grep -c back
        """;

    [Fact]
    public async Task A_checkpoint_that_criu_refuses_is_refused_in_the_same_words_and_leaves_nothing()
    {
        string criu = Needs.Program("criu");
        if ((await Images.ShellAsync("\"$1\" check >/dev/null 2>&1; echo $?", criu)).Trim() == "0")
        {
            Assert.Skip("this criu knows this kernel");
        }

        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        string expected = Masked(await RunAsync(reference, Fail), reference);
        string actual = Masked(await RunAsync(gantry, Fail), gantry);

        Assert.True(expected == actual, $"--- containerd\n{expected}\n--- gantry\n{actual}\n{gantry.Tail()}");
        Assert.Contains("criu failed: type DUMP errno 0 path= ", actual, StringComparison.Ordinal);
        Assert.Contains("cp RUNNING", actual, StringComparison.Ordinal);
        Assert.Contains("alive", actual, StringComparison.Ordinal);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_checkpoint_goes_to_a_registry_and_the_container_goes_on_from_there()
    {
        string criu = Environment.GetEnvironmentVariable("GANTRY_CRIU") ?? "";
        Assert.SkipUnless(File.Exists(criu), "needs GANTRY_CRIU to be the path of a criu that knows this kernel");
        await using GantryDaemon gantry = new();
        string programs = Directory.CreateDirectory(Path.Combine(gantry.Home, "programs")).FullName;
        File.CreateSymbolicLink(Path.Combine(programs, "criu"), criu);
        gantry.PathPrefix = programs;
        await gantry.StartAsync(TestContext.Current.CancellationToken);

        string actual = await RunAsync(gantry, Whole);

        Assert.Contains("checkpoint: 0\n", actual, StringComparison.Ordinal);
        Assert.Contains("again: 0\n", actual, StringComparison.Ordinal);
        Assert.Contains(
            """
            application/vnd.containerd.container.checkpoint.runtime.options+proto
            application/vnd.oci.image.manifest.v1+json
            application/vnd.oci.image.layer.v1.tar+gzip
            application/vnd.containerd.container.criu.checkpoint.criu.tar
            application/vnd.containerd.container.checkpoint.config.v1+proto
            application/vnd.containerd.container.checkpoint.options.v1+proto
            push: 0
            goes on

            """,
            actual,
            StringComparison.Ordinal);
        Assert.EndsWith("goes on\n0\n", actual, StringComparison.Ordinal);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_crun_without_criu_says_what_to_do()
    {
        string crun = Needs.Program("crun");
        Assert.SkipWhen(
            (await Images.ShellAsync("\"$1\" --version", crun)).Contains("+CRIU", StringComparison.Ordinal), "crun has criu");
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        string actual = await RunAsync(gantry, Fail.Replace("ctr run", "ctr run --runc-binary crun", StringComparison.Ordinal));

        Assert.Contains("unknown command checkpoint path= ", actual, StringComparison.Ordinal);
        Assert.Contains("must be run with another, such as runc", actual, StringComparison.Ordinal);
        Assert.Contains("alive", actual, StringComparison.Ordinal);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private async Task<string> RunAsync(PrivateDaemon daemon, string script)
    {
        BufferedCommandResult result = await daemon.RunAsync(
            "/bin/bash",
            ["-c", $"cd {daemon.Home}\n{script}"],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["IMAGE"] = images.Busybox });
        return result.StandardOutput;
    }

    private static string Masked(string output, PrivateDaemon daemon) =>
        LogTime().Replace(output.Replace(daemon.Home, "HOME", StringComparison.Ordinal), "time");

    [GeneratedRegex("time=\"[^\"]*\"", RegexOptions.NonBacktracking)]
    private static partial Regex LogTime();
}
