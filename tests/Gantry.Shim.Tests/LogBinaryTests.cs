using Gantry.Api.Runtime.TaskV2;
using Gantry.Testing;
using Grpc.Core;

namespace Gantry.Shim.Tests;

/// <summary>Programs that take the output of a process: binary:// and binary-v2://.</summary>
public sealed class LogBinaryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_logger_gets_both_outputs_its_arguments_and_nothing_but_two_variables(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string logger = Logger(
            under,
            """
            env | grep -v -E '^(PWD|SHLVL|_|OLDPWD)=' | sort > DIR/env
            printf '%s|' "$@" > DIR/arguments
            exec 5>&-
            cat <&3 > DIR/out & cat <&4 > DIR/err; wait; touch DIR/done
            """);
        string name = $"binary://{logger}?file=a%20b";
        await under.CreateAsync("c1", ["sh", "-c", "echo one; echo two >&2; exit 4"], Token, request =>
        {
            request.Stdout = name;
            request.Stderr = name;
        });

        await under.StartAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(4u, status);
        await Poll.UntilAsync(() => File.Exists(under["err"]) && new FileInfo(under["err"]).Length > 0);
        Assert.Equal("one\n", await File.ReadAllTextAsync(under["out"], Token));
        Assert.Equal("two\n", await File.ReadAllTextAsync(under["err"], Token));
        Assert.Equal("file|a b|", await File.ReadAllTextAsync(under["arguments"], Token));
        Assert.Equal(
            $"CONTAINER_ID=c1\nCONTAINER_NAMESPACE={ShimUnderTest.Namespace}\n",
            await File.ReadAllTextAsync(under["env"], Token));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task The_logger_of_a_further_process_is_told_the_id_of_that(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string logger = Logger(under, "exec 5>&-; echo $CONTAINER_ID > DIR/id; cat <&3 > DIR/out");
        await under.CreateAsync("c1", ["sleep", "1000"], Token);
        await under.StartAsync("c1", Token);
        await under.Task.ExecAsync(
            new ExecProcessRequest
            {
                Id = "c1",
                ExecId = "e1",
                Stdout = $"binary://{logger}",
                Stderr = $"binary://{logger}",
                Spec = ShimUnderTest.ProcessSpec("sh", "-c", "echo said"),
            },
            cancellationToken: Token);

        await under.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);
        uint status = await under.WaitAndDeleteAsync("c1", "e1", Token);

        Assert.Equal(0u, status);
        Assert.Equal("e1\n", await File.ReadAllTextAsync(under["id"], Token));
        Assert.Equal("said\n", await File.ReadAllTextAsync(under["out"], Token));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_logger_that_is_not_there_fails_the_creation(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => under.CreateAsync(
            "c1", ["true"], Token, request => request.Stdout = "binary:///nowhere/logger"));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Contains(
            "failed to start binary process: fork/exec /nowhere/logger: ",
            error.Status.Detail,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Shims.Reference, "pigeon", "pigeon:///loft")]
    [InlineData(Shims.Ours, "pigeon", "pigeon:///loft")]
    [InlineData(Shims.Reference, "ttrpc+unix", "ttrpc+unix:///run/demo.sock?stream_id=c1-stdout")]
    [InlineData(Shims.Ours, "ttrpc+unix", "ttrpc+unix:///run/demo.sock?stream_id=c1-stdout")]
    public async Task An_unknown_scheme_fails_the_creation_and_one_of_streaming_is_unknown(
        string shim, string scheme, string name)
    {
        await using ShimUnderTest under = new(shim: shim);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => under.CreateAsync(
            "c1", ["true"], Token, request => request.Stdout = name));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Equal($"failed to create init process I/O: unknown STDIO scheme {scheme}", error.Status.Detail);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task The_end_of_a_logger_breaks_the_output_of_the_container(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string logger = Logger(under, "exec 5>&-; read line <&3; echo $line > DIR/line");
        await under.CreateAsync(
            "c1",
            ["sh", "-c", "echo first; while echo more; do :; done; exit 9"],
            Token,
            request => request.Stdout = request.Stderr = $"binary://{logger}");

        await under.StartAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        // The first process of a pid namespace is not killed by the signal: its shell sees the error.
        Assert.Equal(9u, status);
        Assert.Equal("first\n", await File.ReadAllTextAsync(under["line"], Token));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_logger_that_dies_at_once_does_not_fail_the_creation(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string logger = Logger(under, "exit 3");

        await under.CreateAsync(
            "c1",
            ["sh", "-c", "exit 6"],
            Token,
            request => request.Stdout = request.Stderr = $"binary://{logger}");
        await under.StartAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(6u, status);
    }

    [Fact]
    public async Task A_strict_logger_has_to_say_that_it_is_ready()
    {
        await using ShimUnderTest under = new();
        string logger = Logger(under, "exit 0");

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => under.CreateAsync(
            "c1", ["true"], Token, request => request.Stdout = $"binary-v2://{logger}"));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Contains("logging binary did not call ready", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_logger_that_is_ready_logs_a_terminal_as_well()
    {
        await using ShimUnderTest under = new();
        string logger = Logger(under, "printf x >&5; exec 5>&-; cat <&3 > DIR/out; touch DIR/done");
        await under.CreateAsync(
            "c1",
            ["sh", "-c", "test -t 0 && echo terminal; exit 5"],
            Token,
            request =>
            {
                request.Stdout = $"binary-v2://{logger}";
                request.Terminal = true;
            },
            spec => spec["process"]!["terminal"] = true);

        await under.StartAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(5u, status);
        Assert.True(File.Exists(under["done"]));
        Assert.Equal("terminal\r\n", await File.ReadAllTextAsync(under["out"], Token));
    }

    [Fact]
    public async Task A_logger_sees_the_end_of_the_output_and_has_time_to_finish()
    {
        await using ShimUnderTest under = new();
        string logger = Logger(under, "exec 5>&-; cat <&3 > DIR/out; sleep 1; touch DIR/done");
        await under.CreateAsync(
            "c1", ["echo", "x"], Token, request => request.Stdout = request.Stderr = $"binary://{logger}");

        await under.StartAsync("c1", Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.True(File.Exists(under["done"]));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_logger_that_does_not_end_is_killed(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string logger = Logger(under, "trap '' TERM; echo $$ > DIR/pid; exec 5>&-; while :; do sleep 0.2; done");
        await under.CreateAsync(
            "c1", ["echo", "x"], Token, request => request.Stdout = request.Stderr = $"binary://{logger}");
        string pid = (await File.ReadAllTextAsync(under["pid"], Token)).Trim();

        await under.StartAsync("c1", Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        // containerd's shim sends the signal and does not wait.
        await Poll.UntilAsync(() => !IsAlive(pid));
    }

    /// <summary>Writes a logger: DIR in it is the test's directory.</summary>
    private static string Logger(ShimUnderTest under, string script)
    {
        string path = under["logger"];
        File.WriteAllText(path, "#!/bin/sh\n" + script.Replace("DIR", under["."], StringComparison.Ordinal) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static bool IsAlive(string pid) =>
        File.Exists($"/proc/{pid}/cmdline") && File.ReadAllText($"/proc/{pid}/cmdline").Length > 0;
}
