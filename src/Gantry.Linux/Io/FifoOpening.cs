using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// Waits for somebody to open the reading end of a FIFO. The kernel tells that to nothing but an open(2) that waits, so a
/// thread does.
/// </summary>
internal sealed class FifoOpening
{
    private const int StackBytes = 64 << 10;

    private readonly string _path;
    private readonly TaskCompletionSource<SafeFileHandle> _opened =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FifoOpening(string path) => _path = path;

    /// <summary>See <see cref="Descriptors.OpenFifoForAsync"/>.</summary>
    public static async Task<(SafeFileHandle Writer, SafeFileHandle Reader)> OpenAsync(
        string path, TimeSpan patience, TimeProvider time)
    {
        SafeFileHandle writer;
        try
        {
            writer = Descriptors.OpenFifoWriter(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENXIO)
        {
            writer = await new FifoOpening(path).WaitAsync(patience, time);
        }

        try
        {
            return (writer, Descriptors.OpenFifoReader(path));
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Waits and gives the writing end, whose writes do not wait.</summary>
    /// <param name="patience">For how long.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LinuxException">Nobody came (ETIMEDOUT), or another reason.</exception>
    private async Task<SafeFileHandle> WaitAsync(TimeSpan patience, TimeProvider time)
    {
        // By this handle the FIFO can still be opened when its path has gone, and so the thread be let go.
        using SafeFileHandle fifo = Descriptors.OpenPath(_path);
        string path = $"/proc/self/fd/{fifo.DangerousGetHandle()}";
        new Thread(() => Open(path), StackBytes) { IsBackground = true, Name = "fifo" }.Start();
        try
        {
            return await _opened.Task.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            using SafeFileHandle reader = Descriptors.OpenFifoReader(path);
            (await _opened.Task).Dispose();
            throw new LinuxException("open", _path, Errno.ETIMEDOUT);
        }
    }

    private void Open(string path)
    {
        try
        {
            SafeFileHandle writer = Descriptors.OpenFifoWriterWaiting(path);
            Descriptors.SetNonBlocking(writer);
            _opened.SetResult(writer);
        }
        catch (LinuxException e)
        {
            _opened.SetException(e);
        }
    }
}
