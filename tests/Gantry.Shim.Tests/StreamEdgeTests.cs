using System.Security.Cryptography;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Tests;

/// <summary>
/// What may go wrong with a process's streams. Sizes are small here; GANTRY_STREAM_MEGABYTES says how much is to flow instead.
/// </summary>
public sealed class StreamEdgeTests
{
    private const long ShimGrowthLimit = 6 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly long Size = (long.TryParse(
        Environment.GetEnvironmentVariable("GANTRY_STREAM_MEGABYTES"), out long megabytes) ? megabytes : 64) << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_container_that_closes_its_output_runs_on(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string input = under.MakeFifo("in");
        (string output, Task<string> text) = under.OutputFifo("out");
        await under.CreateAsync(
            "c1", ["sh", "-c", "echo last; exec >/dev/null 2>&1; read line; exit 8"], Token, request =>
            {
                request.Stdin = input;
                request.Stdout = output;
            });
        await under.StartAsync("c1", Token);

        string all = await text.WaitAsync(Patience, Token);
        StateResponse state = await under.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        await File.WriteAllTextAsync(input, "go\n", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal("last\n", all);
        Assert.Equal(Api.Types.Task.Status.Running, state.Status);
        Assert.Equal(8u, status);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_further_process_ends_with_the_first_one_and_so_does_its_output(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string output = under.MakeFifo("out");
        await under.CreateAsync("c1", ["sleep", "1000"], Token);
        await under.StartAsync("c1", Token);
        Task<StreamReader> opening = Task.Run(() => new StreamReader(output), Token);
        await ExecAsync(under, "e1", output, "sh", "-c", "echo said; sleep 1000");
        using StreamReader reader = await opening.WaitAsync(Patience, Token);
        string? said = await Task.Run(reader.ReadLine, Token).WaitAsync(Patience, Token);

        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        uint first = (await under.WaitAsync("c1", "", Token)).ExitStatus;
        uint further = await under.WaitAndDeleteAsync("c1", "e1", Token);
        await under.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal(137u, first);
        Assert.Equal(137u, further);
        Assert.Equal("said", said);
        Assert.Equal("", await Task.Run(reader.ReadToEnd, Token).WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task A_process_is_not_said_to_have_ended_while_its_output_is_being_read()
    {
        const int Written = 300_000;
        await using ShimUnderTest under = new();
        string fifo = under.MakeFifo("out");
        Task<FileStream> opening = Task.Run(() => File.OpenRead(fifo), Token);
        await under.CreateAsync(
            "c1", ["sh", "-c", $"yes | head -c {Written}"], Token, request => request.Stdout = fifo);
        await using FileStream reader = await opening.WaitAsync(Patience, Token);
        await under.StartAsync("c1", Token);

        byte[] piece = new byte[1000];
        StateResponse state;
        int count = 0;
        do
        {
            count += await reader.ReadAsync(piece, Token);
            state = await under.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        }
        while (state.Status is Api.Types.Task.Status.Running);

        Assert.Equal(Written, count);
        Assert.Equal(0u, await under.WaitAndDeleteAsync("c1", "", Token));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task Much_output_arrives_whole_and_leaves_no_memory_in_the_shim(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string fifo = under.MakeFifo("out");
        Task<string> hash = Task.Run(() => HashAsync(fifo), Token);
        await under.CreateAsync(
            "c1", ["sh", "-c", $"yes 0123456789abcde | head -c {Size}"], Token, request => request.Stdout = fifo);
        long before = await under.ResidentAsync("c1", Token);

        await under.StartAsync("c1", Token);
        string actual = await hash.WaitAsync(TimeSpan.FromMinutes(10), Token);
        long after = await under.ResidentAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(0u, status);
        Assert.Equal(HashOfLines("0123456789abcde\n", Size), actual);
        Assert.True(after - before < ShimGrowthLimit, $"from {before} to {after}");
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task Much_input_arrives_whole(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string input = under.MakeFifo("in");
        (string output, Task<string> text) = under.OutputFifo("out");
        await under.CreateAsync("c1", ["sh", "-c", "cat | sha256sum"], Token, request =>
        {
            request.Stdin = input;
            request.Stdout = output;
        });
        await under.StartAsync("c1", Token);
        long before = await under.ResidentAsync("c1", Token);

        await Task.Run(() => WriteLines(input, "0123456789abcde\n", Size), Token);
        await under.Task.CloseIOAsync(new CloseIORequest { Id = "c1", Stdin = true }, cancellationToken: Token);
        await under.WaitAsync("c1", "", Token);
        long after = await under.ResidentAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(0u, status);
        Assert.Equal(
            HashOfLines("0123456789abcde\n", Size) + "  -\n", await text.WaitAsync(Patience, Token), ignoreCase: true);
        Assert.True(after - before < ShimGrowthLimit, $"from {before} to {after}");
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_reader_that_does_not_read_holds_the_writer_up_and_finds_all_when_it_reads(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string fifo = under.MakeFifo("out");
        using SafeFileHandle reader = Descriptors.OpenFifoReader(fifo);
        await under.CreateAsync(
            "c1",
            ["sh", "-c", "i=0; while [ $i -lt 200000 ]; do echo line $i; i=$((i + 1)); done"],
            Token,
            request => request.Stdout = fifo);
        await under.StartAsync("c1", Token);
        await UntilStillAsync(under, "c1");

        StateResponse held = await under.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        Task<string> text = Task.Run(() => File.ReadAllText(fifo), Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(Api.Types.Task.Status.Running, held.Status);
        Assert.Equal(0u, status);
        string expected = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i}\n"));
        Assert.Equal(expected, await text.WaitAsync(Patience, Token));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_reader_that_never_reads_does_not_keep_a_container_from_being_killed_and_deleted(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string fifo = under.MakeFifo("out");
        using SafeFileHandle reader = Descriptors.OpenFifoReader(fifo);
        await under.CreateAsync("c1", ["yes"], Token, request => request.Stdout = fifo);
        await under.StartAsync("c1", Token);
        await UntilStillAsync(under, "c1");

        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(137u, status);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task Input_ends_only_when_it_is_closed_however_often_the_client_comes_and_goes(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string input = under.MakeFifo("in");
        (string output, Task<string> text) = under.OutputFifo("out");
        await under.CreateAsync("c1", ["cat"], Token, request =>
        {
            request.Stdin = input;
            request.Stdout = output;
        });
        await under.StartAsync("c1", Token);

        await File.WriteAllTextAsync(input, "one ", Token);
        await File.WriteAllTextAsync(input, "two", Token);
        StateResponse state = await under.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        await under.Task.CloseIOAsync(new CloseIORequest { Id = "c1", Stdin = true }, cancellationToken: Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(Api.Types.Task.Status.Running, state.Status);
        Assert.Equal("one two", await text.WaitAsync(Patience, Token));
        Assert.Equal(0u, status);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_client_that_comes_back_gets_the_output_from_there_on(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string input = under.MakeFifo("in");
        string output = under.MakeFifo("out");
        Task<string> first = Task.Run(() => ReadLine(output), Token);
        await under.CreateAsync("c1", ["cat"], Token, request =>
        {
            request.Stdin = input;
            request.Stdout = output;
        });
        await under.StartAsync("c1", Token);
        await File.WriteAllTextAsync(input, "one\n", Token);
        string one = await first.WaitAsync(Patience, Token);

        await File.WriteAllTextAsync(input, "two\n", Token);
        Task<string> second = Task.Run(() => ReadLine(output), Token);
        string two = await second.WaitAsync(Patience, Token);
        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal("one\n", one);
        Assert.Equal("two\n", two);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_terminal_of_a_further_process_passes_lines_and_interrupts_on(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string input = under.MakeFifo("in");
        string output = under.MakeFifo("out");
        await under.CreateAsync("c1", ["sleep", "1000"], Token);
        await under.StartAsync("c1", Token);
        await under.Task.ExecAsync(
            new ExecProcessRequest
            {
                Id = "c1",
                ExecId = "e1",
                Terminal = true,
                Stdin = input,
                Stdout = output,
                Spec = ShimUnderTest.ProcessSpec(
                    "sh",
                    "-c",
                    "trap 'echo interrupted; exit 4' INT; stty -echo; echo ready; read x; echo $x; sleep 1000 & wait"),
            },
            cancellationToken: Token);
        Task<StreamReader> opening = Task.Run(() => new StreamReader(output), Token);
        await under.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);
        using StreamReader reader = await opening.WaitAsync(Patience, Token);

        string? ready = await NextAsync();
        await File.WriteAllTextAsync(input, "typed\n", Token);
        string? typed = await NextAsync();
        await File.WriteAllBytesAsync(input, [3], Token);
        string? interrupted = await NextAsync();
        uint status = await under.WaitAndDeleteAsync("c1", "e1", Token);
        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(("ready", "typed"), (ready, typed));
        Assert.EndsWith("interrupted", interrupted, StringComparison.Ordinal);
        Assert.Equal(4u, status);

        Task<string?> NextAsync() => Task.Run(reader.ReadLine, Token).WaitAsync(Patience, Token);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_file_is_made_with_its_directories(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        string name = $"file://{under["logs/deep/c1.log"]}";
        await under.CreateAsync("c1", ["sh", "-c", "echo one; sleep 0.2; echo two"], Token, request =>
        {
            request.Stdout = name;
            request.Stderr = name;
        });

        await under.StartAsync("c1", Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(under["logs/deep/c1.log"], Token));
        Assert.Equal("644", Convert.ToString((int)File.GetUnixFileMode(under["logs/deep/c1.log"]), 8));
        Assert.Equal("755", Convert.ToString((int)File.GetUnixFileMode(under["logs/deep"]), 8));
    }

    [Fact]
    public async Task A_file_takes_both_outputs_in_their_order_and_is_added_to()
    {
        await using ShimUnderTest under = new();
        string name = $"file://{under["c1.log"]}";
        await File.WriteAllTextAsync(under["c1.log"], "before\n", Token);
        await under.CreateAsync("c1", ["sh", "-c", "echo one; sleep 0.2; echo two >&2"], Token, request =>
        {
            request.Stdout = name;
            request.Stderr = name;
        });

        await under.StartAsync("c1", Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal("before\none\ntwo\n", await File.ReadAllTextAsync(under["c1.log"], Token));
    }

    [Fact]
    public async Task A_file_of_lines_says_when_and_where_each_was_written_and_is_bounded()
    {
        await using ShimUnderTest under = new();
        string name = $"logfile://{under["logs/c1"]}?max-size=8192&max-files=2";
        await under.CreateAsync(
            "c1",
            ["sh", "-c", "for i in $(seq 1000); do echo line $i; done; echo bad >&2; sleep 0.2; printf end"],
            Token,
            request => request.Stdout = request.Stderr = name);

        await under.StartAsync("c1", Token);
        await under.WaitAndDeleteAsync("c1", "", Token);

        string[] lines =
        [
            .. await File.ReadAllLinesAsync(under["logs/c1.1"], Token),
            .. await File.ReadAllLinesAsync(under["logs/c1"], Token),
        ];
        Assert.Matches("^[0-9-]{10}T[0-9:.]{16}Z stdout P end$", lines[^1]);
        Assert.Contains(lines, line => line.EndsWith(" stderr F bad", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith(" stdout F line 1000", StringComparison.Ordinal));
        FileInfo[] files = [.. new DirectoryInfo(under["logs"]).EnumerateFiles().OrderBy(file => file.Name)];
        Assert.Equal(["c1", "c1.1"], files.Select(file => file.Name));
        Assert.All(files, file => Assert.InRange(file.Length, 1, 8192));
    }

    [Fact]
    public async Task A_full_disk_under_a_log_does_not_stop_the_container()
    {
        await using ShimUnderTest under = new();
        await under.CreateAsync(
            "c1",
            ["sh", "-c", "yes | head -c 1000000; exit 3"],
            Token,
            request => request.Stdout = "file:///dev/full");

        await under.StartAsync("c1", Token);
        uint status = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.Equal(3u, status);
    }

    private static async Task ExecAsync(ShimUnderTest under, string exec, string output, params string[] command)
    {
        await under.Task.ExecAsync(
            new ExecProcessRequest
            {
                Id = "c1",
                ExecId = exec,
                Stdout = output,
                Stderr = output,
                Spec = ShimUnderTest.ProcessSpec(command),
            },
            cancellationToken: Token);
        await under.Task.StartAsync(new StartRequest { Id = "c1", ExecId = exec }, cancellationToken: Token);
    }

    /// <summary>Waits until the first process has used no processor for a while: it is held up.</summary>
    private static async Task UntilStillAsync(ShimUnderTest under, string id)
    {
        StateResponse state = await under.Task.StateAsync(new StateRequest { Id = id }, cancellationToken: Token);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        int still = 0;
        string last = "";
        while (still < 5)
        {
            await Task.Delay(100, limit.Token);
            string[] stat = (await File.ReadAllTextAsync($"/proc/{state.Pid}/stat", limit.Token)).Split(' ');
            string now = $"{stat[2]} {stat[13]} {stat[14]}";
            still = now == last && stat[2] == "S" ? still + 1 : 0;
            last = now;
        }
    }

    private static string ReadLine(string path)
    {
        using StreamReader reader = new(path);
        return reader.ReadLine() + "\n";
    }

    private static async Task<string> HashAsync(string path)
    {
        await using FileStream stream = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(stream, Token));
    }

    private static string HashOfLines(string line, long size)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Lines(line, size, hash.AppendData);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void WriteLines(string path, string line, long size)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        Lines(line, size, stream.Write);
    }

    private static void Lines(string line, long size, SpanAction take)
    {
        byte[] block = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 4096)));
        for (long left = size; left > 0; left -= block.Length)
        {
            take(block.AsSpan(0, (int)Math.Min(left, block.Length)));
        }
    }

    private delegate void SpanAction(ReadOnlySpan<byte> bytes);
}
