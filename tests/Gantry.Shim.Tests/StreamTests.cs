using Gantry.Api.Runtime.TaskV2;

namespace Gantry.Shim.Tests;

public sealed class StreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task Output_and_error_reach_their_fifos_and_end(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        (string output, Task<string> outputText) = shim.OutputFifo("out");
        (string error, Task<string> errorText) = shim.OutputFifo("err");
        await shim.CreateAsync("c1", ["sh", "-c", "echo one; echo two >&2"], Token, request =>
        {
            request.Stdout = output;
            request.Stderr = error;
        });

        await shim.StartAsync("c1", Token);

        Assert.Equal("one\n", await outputText.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal("two\n", await errorText.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }

    [Fact]
    public async Task Output_is_not_lost_on_a_client_that_opens_it_late()
    {
        await using ShimUnderTest shim = new();
        string fifo = shim.MakeFifo("out");
        Task ran = RunAsync();
        await Task.Delay(TimeSpan.FromSeconds(1), Token);

        Task<string> text = Task.Run(() => File.ReadAllText(fifo), Token);
        await ran;

        Assert.Equal("all of it\n", await text.WaitAsync(TimeSpan.FromSeconds(30), Token));

        async Task RunAsync()
        {
            await shim.CreateAsync("c1", ["echo", "all of it"], Token, request => request.Stdout = fifo);
            await shim.StartAsync("c1", Token);
            await shim.WaitAsync("c1", "", Token);
            await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        }
    }

    [Fact]
    public async Task A_file_is_added_to()
    {
        await using ShimUnderTest shim = new();
        string file = shim["logs/c1.log"];
        Directory.CreateDirectory(shim["logs"]);
        await File.WriteAllTextAsync(file, "before\n", Token);
        await shim.CreateAsync(
            "c1", ["sh", "-c", "echo after"], Token, request => request.Stdout = $"file://{file}");

        await shim.StartAsync("c1", Token);
        await shim.WaitAsync("c1", "", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal("before\nafter\n", await File.ReadAllTextAsync(file, Token));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_terminal_has_the_size_that_it_was_given(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        string input = shim.MakeFifo("in");
        (string output, Task<string> text) = shim.OutputFifo("out");
        await shim.CreateAsync(
            "c1",
            ["sh", "-c", "read line; stty size; echo $line; exit 3"],
            Token,
            request =>
            {
                request.Stdin = input;
                request.Stdout = output;
                request.Terminal = true;
            },
            spec => spec["process"]!["terminal"] = true);
        await shim.StartAsync("c1", Token);

        await shim.Task.ResizePtyAsync(
            new ResizePtyRequest { Id = "c1", Width = 77, Height = 33 }, cancellationToken: Token);
        await File.WriteAllTextAsync(input, "typed\n", Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);
        string all = await text.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(3u, exit.ExitStatus);
        Assert.Equal("typed\r\n33 77\r\ntyped\r\n", all);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_child_that_holds_the_output_delays_deletion_for_ten_seconds_and_no_more(string name)
    {
        await using ShimUnderTest shim = new(shim: name);
        (string output, Task<string> text) = shim.OutputFifo("out");
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await shim.Task.ExecAsync(
            new ExecProcessRequest
            {
                Id = "c1",
                ExecId = "e1",
                Stdout = output,
                Stderr = output,
                Spec = ShimUnderTest.ProcessSpec("sh", "-c", "echo said; sleep 1000 &"),
            },
            cancellationToken: Token);
        await shim.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);
        await shim.WaitAsync("c1", "e1", Token);

        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);

        Assert.Equal("said\n", await text.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }
}
