using System.Runtime.InteropServices;
using System.Text;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Linux.Tests.Processes;

public sealed class SpawnTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_has_its_arguments_environment_directory_and_nothing_else()
    {
        using TempDirectory directory = new();

        (ChildExit exit, string output) = await RunAsync(new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["-c", "echo \"$1|$A|$PWD\"; ls /proc/self/fd | wc -l; exit 3", "sh", "one two"],
            Environment = ["A=b", "PATH=/bin:/usr/bin"],
            WorkingDirectory = directory.Path,
        });

        // Standard input, output, error, and the directory that ls reads.
        Assert.Equal($"one two|b|{directory.Path}\n4\n", output);
        Assert.Equal((3, 0), (exit.Code, exit.Signal));
    }

    [Fact]
    public async Task A_process_that_a_signal_ended_has_128_and_its_number()
    {
        (ChildExit exit, _) = await RunAsync(new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["-c", "kill -9 $$"],
        });

        Assert.Equal((137, 9), (exit.Code, exit.Signal));
    }

    [Fact]
    public async Task Signals_are_at_their_defaults()
    {
        Signals.Ignore(Signals.SIGHUP);

        (_, string output) = await RunAsync(new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status"],
        });

        // Signals 32 and 33 are the C library's own: its posix_spawn has children ignore them.
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n", output);
    }

    [Fact]
    public void A_program_that_is_not_there_is_an_error()
    {
        LinuxException error = Assert.Throws<LinuxException>(
            () => Spawn.Start(new SpawnRequest { Program = "/nonexistent" }));

        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    [Fact]
    public async Task Two_hundred_processes_that_end_at_once_are_all_told()
    {
        List<Task<ChildExit>> exits = [];
        for (int i = 0; i < 200; i++)
        {
            exits.Add(Spawn.Start(new SpawnRequest { Program = "/bin/true" }).Exit);
        }

        ChildExit[] all = await Task.WhenAll(exits).WaitAsync(TimeSpan.FromSeconds(60), Token);

        Assert.All(all, exit => Assert.Equal(0, exit.Code));
        Assert.Equal(200, all.Length);
    }

    [Fact]
    public async Task The_end_of_an_inherited_child_is_kept_until_it_is_claimed()
    {
        ProcessControl.BecomeSubreaper();
        long since = Reaper.Shared.Mark();

        // The grandchild ends after its parent, and so becomes a child of this process.
        (_, string output) = await RunAsync(new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["-c", "(sleep 0.1; exit 9) & echo $!"],
        });
        int pid = int.Parse(output);
        ChildExit exit = await Reaper.Shared.ClaimAsync(pid, since).WaitAsync(TimeSpan.FromSeconds(10), Token);

        Assert.Equal(9, exit.Code);
    }

    [Fact]
    public async Task A_handle_of_a_process_sends_signals_and_knows_its_end()
    {
        SpawnedProcess process = Spawn.Start(new SpawnRequest { Program = "/bin/sleep", Arguments = ["100"] });
        using SafeFileHandle handle = Pidfd.Open(process.Pid);

        Pidfd.SendSignal(handle, 15);
        ChildExit exit = await process.Exit.WaitAsync(TimeSpan.FromSeconds(10), Token);
        LinuxException error = Assert.Throws<LinuxException>(() => Pidfd.SendSignal(handle, 15));

        Assert.Equal(143, exit.Code);
        Assert.Equal(Errno.ESRCH, error.Errno);
    }

    private static async Task<(ChildExit Exit, string Output)> RunAsync(SpawnRequest request)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        SpawnedProcess process;
        using (writer)
        {
            process = Spawn.Start(request with
            {
                Descriptors = new Dictionary<int, SafeHandle> { [1] = writer },
            });
        }

        using StreamReader text = new(new FileStream(reader, FileAccess.Read, 0), Encoding.UTF8);
        string output = await text.ReadToEndAsync(Token);
        return (await process.Exit.WaitAsync(TimeSpan.FromSeconds(30), Token), output);
    }
}
