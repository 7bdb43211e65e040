using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Io;

/// <summary>What a client named for a process's output, opened: a FIFO, a file, or what takes the bytes.</summary>
/// <param name="Handle">Where to write; writes do not wait.</param>
/// <param name="Reader">The reading end of a FIFO, kept open so that a client may go away and come back; or null.</param>
/// <param name="Taker">What takes the bytes, if there is no handle.</param>
internal sealed record OutputTarget(SafeFileHandle? Handle, SafeFileHandle? Reader = null, BytesTaker? Taker = null)
    : IDisposable
{
    private const uint FileMode = 0b110_100_100;
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101;

    /// <summary>How long a client may take to open the reading end of what it named.</summary>
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(30);

    /// <summary>Begins to pass on what is read.</summary>
    /// <param name="loop">Where.</param>
    /// <param name="source">What is read; owned from now on, as the target is.</param>
    public IStreamMove Begin(IoLoop loop, SafeFileHandle source)
    {
        if (Taker is { } taker)
        {
            return loop.Feed(source, taker);
        }

        StreamCopy copy = loop.Copy(source, Handle!);
        return Reader is null ? copy : new FifoOutput(copy, Reader);
    }

    /// <summary>Opens what a client named.</summary>
    /// <param name="name">The name; not empty.</param>
    /// <param name="capacity">How much a FIFO is to hold.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="GantryException">It is of no known kind, or cannot be opened.</exception>
    public static async Task<OutputTarget> OpenAsync(string name, int capacity, TimeProvider time)
    {
        StreamUri uri = StreamUri.Parse(name);
        switch (uri.Scheme)
        {
            case StreamUri.File:
                return OpenFile(uri.Path, create: true);
            case StreamUri.Fifo when Descriptors.IsFifo(uri.Path):
                return await OpenFifoAsync(uri.Path, capacity, time);
            case StreamUri.Fifo:
                return OpenFile(uri.Path, create: false);
            default:
                throw new GantryException(ErrorKind.Unknown, $"failed to create init process I/O: unknown STDIO scheme {uri.Scheme}");
        }
    }

    /// <summary>Takes what is written and forgets it.</summary>
    public static OutputTarget Nothing() => new(Descriptors.OpenNull());

    public void Dispose()
    {
        Handle?.Dispose();
        Reader?.Dispose();
    }

    private static OutputTarget OpenFile(string path, bool create)
    {
        try
        {
            if (create)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path) ?? "/", DirectoryMode);
            }

            return new OutputTarget(Descriptors.OpenAppend(path, FileMode, create));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GantryException(
                ErrorKind.Unknown,
                $"failed to start io pipe copy: unable to copy pipes: containerd-shim: opening file \"{path}\" failed: {e.Message}",
                e);
        }
    }

    private static async Task<OutputTarget> OpenFifoAsync(string path, int capacity, TimeProvider time)
    {
        try
        {
            (SafeFileHandle writer, SafeFileHandle reader) = await Descriptors.OpenFifoForAsync(path, ClientPatience, time);
            _ = Descriptors.TrySetPipeCapacity(writer, capacity);
            return new OutputTarget(writer, reader);
        }
        catch (LinuxException e)
        {
            string reason = e.Errno == Errno.ETIMEDOUT ? "context deadline exceeded" : e.Message;
            throw new GantryException(
                e.Errno == Errno.ETIMEDOUT ? ErrorKind.DeadlineExceeded : ErrorKind.Unknown,
                "failed to start io pipe copy: unable to copy pipes: "
                    + $"containerd-shim: opening w/o fifo \"{path}\" failed: {reason}",
                e);
        }
    }
}
