using System.IO.Pipes;
using Gantry.Storage.Events;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Storage.Tests.Events;

public sealed class UnsyncedFilesTests
{
    [Fact]
    public void What_could_not_be_brought_to_the_disk_is_there_for_the_next_try()
    {
        using TempDirectory directory = new();
        using AnonymousPipeServerStream pipe = new();
        using SafeFileHandle broken = new(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        EventFiles files = new(directory.Path, new EventLogOptions(), TimeProvider.System);
        files.Write(1, [1]);
        UnsyncedFiles taken = files.TakeUnsynced();

        // A pipe can't be synced, as a file on a disk that fails can't be.
        UnsyncedFiles failing = taken with { Full = [broken] };
        Assert.ThrowsAny<IOException>(failing.Sync);
        files.PutBack(failing);
        UnsyncedFiles again = files.TakeUnsynced();

        Assert.False(broken.IsClosed);
        Assert.Equal([broken], again.Full);
        Assert.NotNull(again.Active);
        Assert.Same(taken.Active, again.Active);
        Assert.True(again.Names);
        Assert.Null(files.TakeUnsynced().Active);
        files.Close();
        Assert.Single(files.TakeUnsynced().Full).Dispose();
    }

    [Fact]
    public void What_is_on_the_disk_is_closed_and_not_synced_twice()
    {
        using TempDirectory directory = new();
        EventFiles files = new(directory.Path, new EventLogOptions(), TimeProvider.System);
        files.Write(1, [1]);
        files.Close();

        UnsyncedFiles taken = files.TakeUnsynced();
        SafeFileHandle full = Assert.Single(taken.Full);
        taken.Sync();

        Assert.True(full.IsClosed);
        Assert.Empty(taken.Full);
        Assert.Empty(files.TakeUnsynced().Full);
    }
}
