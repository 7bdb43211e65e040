using Gantry.Linux.Io;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Linux.Tests.Io;

public sealed class FifoOpeningTests
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_that_comes_later_is_waited_for()
    {
        using TempDirectory directory = new();
        Fifo.Create(directory["f"], Mode);

        Task<(SafeFileHandle Writer, SafeFileHandle Reader)> opening =
            Descriptors.OpenFifoForAsync(directory["f"], TimeSpan.FromMinutes(1), TimeProvider.System);
        using SafeFileHandle other = Descriptors.OpenFifoReader(directory["f"]);
        (SafeFileHandle writer, SafeFileHandle reader) = await opening.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.False(writer.IsInvalid);
        writer.Dispose();
        reader.Dispose();
    }

    [Fact]
    public async Task A_reader_that_does_not_come_is_given_up_even_when_the_path_is_gone()
    {
        using TempDirectory directory = new();
        Fifo.Create(directory["f"], Mode);

        Task<(SafeFileHandle Writer, SafeFileHandle Reader)> opening =
            Descriptors.OpenFifoForAsync(directory["f"], TimeSpan.FromMilliseconds(200), TimeProvider.System);
        File.Delete(directory["f"]);

        LinuxException error = await Assert.ThrowsAsync<LinuxException>(() => opening);
        Assert.Equal(Errno.ETIMEDOUT, error.Errno);
    }
}
