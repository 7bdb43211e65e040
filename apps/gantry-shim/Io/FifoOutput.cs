using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Io;

/// <summary>Output on its way to a client's FIFO: what the client has not read yet still waits.</summary>
/// <param name="copy">Fills the FIFO.</param>
/// <param name="reader">A reading end of the FIFO, so that the client may go away and come back; owned from now on.</param>
internal sealed class FifoOutput(IStreamMove copy, SafeFileHandle reader) : IStreamMove
{
    /// <inheritdoc/>
    public Task Completion => copy.Completion;

    /// <inheritdoc/>
    public int Waiting => copy.Waiting + (reader.IsClosed ? 0 : Descriptors.Waiting(reader));

    /// <inheritdoc/>
    public void Stop()
    {
        copy.Stop();
        reader.Dispose();
    }
}
