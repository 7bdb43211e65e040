using CliWrap;
using CliWrap.Buffered;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Faults;

/// <summary>What a daemon does on a disk that is full, fails, or can't be written any more.</summary>
public sealed class DiskFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_full_disk_writing_content_fails_with_the_reason_and_goes_on_once_there_is_space()
    {
        await using FaultyDisk disk = await FaultyDisk.StartAsync();
        Digest kept = await disk.PutAsync(1 << 20, seed: 1);
        string ballast = Fill(disk, leave: 256 << 10);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => disk.PutAsync(8 << 20, seed: 2));

        Assert.Equal(ErrorKind.ResourceExhausted, error.Kind);
        Assert.Contains("no space left on device", error.Message, StringComparison.OrdinalIgnoreCase);
        await disk.ReadAsync(kept);
        File.Delete(ballast);
        Digest late = await disk.PutAsync(8 << 20, seed: 2);
        await disk.ReadAsync(late);
        await disk.Daemon.KillAsync();
        await disk.Daemon.StartAsync(Token);
        await disk.ReadAsync(kept);
        await disk.ReadAsync(late);
    }

    [Fact]
    public async Task On_a_full_disk_records_fail_with_the_reason_and_those_acknowledged_stay()
    {
        await using FaultyDisk disk = await FaultyDisk.StartAsync();
        await disk.CreateContainerAsync("before");
        string ballast = Fill(disk, leave: 0);
        List<string> made = [];
        GantryException? error = null;
        for (int i = 0; i < 400 && error is null; i++)
        {
            try
            {
                await disk.CreateContainerAsync($"c{i}", specLength: 200_000);
                made.Add($"c{i}");
            }
            catch (GantryException e)
            {
                error = e;
            }
        }

        Assert.NotNull(error);
        Assert.Equal(ErrorKind.ResourceExhausted, error.Kind);
        Assert.Contains("no space left on device", error.Message, StringComparison.OrdinalIgnoreCase);
        await disk.Scope.Containers.GetAsync("before", Token);
        File.Delete(ballast);
        await disk.CreateContainerAsync("after", specLength: 200_000);
        await disk.Daemon.KillAsync();
        await disk.Daemon.StartAsync(Token);
        IReadOnlyList<ContainerRecord> all = await disk.Scope.Containers.ListAsync([], Token);
        Assert.Equal([.. made.Append("before").Append("after").Order(StringComparer.Ordinal)], all.Select(c => c.Id));
    }

    [Fact]
    public async Task On_a_full_disk_a_snapshot_fails_with_the_reason_and_leaves_nothing()
    {
        await using FaultyDisk disk = await FaultyDisk.StartAsync();
        string ballast = Fill(disk, leave: 0);
        FillNames(disk);

        GantryException error = await Assert.ThrowsAsync<GantryException>(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await disk.Scope.Snapshots("overlayfs").PrepareAsync($"s{i}", "", NoLabels, Token);
            }
        });

        Assert.Equal(ErrorKind.ResourceExhausted, error.Kind);
        Assert.Contains("no space left on device", error.Message, StringComparison.OrdinalIgnoreCase);
        File.Delete(ballast);
        IReadOnlyList<Mount> mounts =
            await disk.Scope.Snapshots("overlayfs").PrepareAsync("after", "", NoLabels, Token);
        Assert.True(Directory.Exists(mounts[0].Source));
    }

    [Fact]
    public async Task A_filesystem_that_turns_read_only_is_told_and_after_its_repair_all_is_there()
    {
        await using FaultyDisk disk = await FaultyDisk.StartAsync(options: "errors=remount-ro");
        Digest kept = await disk.PutAsync(1 << 20, seed: 1);
        await disk.CreateContainerAsync("before");
        string device = Path.GetFileName(disk.Filesystem.Device);
        await File.WriteAllTextAsync($"/sys/fs/ext4/{device}/trigger_fs_error", "test", Token);

        GantryException content = await Assert.ThrowsAsync<GantryException>(() => disk.PutAsync(1 << 20, seed: 2));
        GantryException record = await Assert.ThrowsAsync<GantryException>(() => disk.CreateContainerAsync("late"));

        Assert.Contains("read-only file system", content.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("read-only file system", record.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ErrorKind.FailedPrecondition, content.Kind);
        Assert.Equal(ErrorKind.FailedPrecondition, record.Kind);
        await disk.ReadAsync(kept);
        await disk.Scope.Containers.GetAsync("before", Token);
        await disk.RestartOnAsync(file => Cli.Wrap(Needs.Program("e2fsck"))
            .WithArguments(["-fy", file])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token));
        await disk.ReadAsync(kept);
        await disk.Scope.Containers.GetAsync("before", Token);
        await disk.CreateContainerAsync("late");
    }

    [Fact]
    public async Task A_blob_on_a_disk_that_fails_is_an_error_and_the_daemon_goes_on()
    {
        await using FaultyDisk disk = await FaultyDisk.StartAsync();
        Digest kept = await disk.PutAsync(1 << 20, seed: 1);
        Digest lost = await disk.PutAsync(4 << 20, seed: 2);
        string path = Path.Combine(
            disk.Daemon.Root, "io.containerd.content.v1.content", "blobs", "sha256", lost.Hex);
        long end = await LastBlockAsync(path);
        await disk.RestartOnAsync(_ => Task.CompletedTask);

        // The device ends where the file's last blocks are: to read them is an error of the device.
        using (FileStream backing = new(disk.Filesystem.File, FileMode.Open, FileAccess.Write))
        {
            backing.SetLength(end * 4096);
        }

        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => disk.ReadAsync(lost));

        // When the filesystem has written behind the end meanwhile, the device has zeros there, and the digest tells.
        if (error is GantryException known)
        {
            Assert.Equal(ErrorKind.DataLoss, known.Kind);
            Assert.Contains("input/output error", known.Message, StringComparison.OrdinalIgnoreCase);
        }

        await disk.ReadAsync(kept);
    }

    private static Dictionary<string, string> NoLabels => [];

    /// <summary>Takes the space of the disk but for some.</summary>
    private static string Fill(FaultyDisk disk, long leave)
    {
        string path = Path.Combine(disk.Daemon.Root, "ballast");
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        byte[] block = new byte[64 << 10];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            file.SetLength(Math.Max(0, file.Length - leave));
        }

        return path;
    }

    /// <summary>Takes what little is left, which directories could lie in.</summary>
    private static void FillNames(FaultyDisk disk)
    {
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                File.WriteAllBytes(Path.Combine(disk.Daemon.Root, $"ballast{i}"), new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full.
            return;
        }
    }

    /// <summary>The last block of a file on its device, in units of 4 KiB.</summary>
    private static async Task<long> LastBlockAsync(string path)
    {
        BufferedCommandResult result = await Cli.Wrap(Needs.Program("filefrag"))
            .WithArguments(["-v", "-b4096", path])
            .ExecuteBufferedAsync(Token);
        string last = result.StandardOutput.Split('\n').Last(line => line.Contains("..", StringComparison.Ordinal));
        string physical = last.Split(':')[2];
        return long.Parse(
            physical.Split("..")[1].Trim(),
            System.Globalization.CultureInfo.InvariantCulture);
    }
}
