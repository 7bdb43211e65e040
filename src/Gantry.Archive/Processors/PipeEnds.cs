using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Processors;

/// <summary>The daemon's ends of the pipes to a stream processor.</summary>
internal sealed class PipeEnds : IDisposable
{
    private PipeEnds(SafeFileHandle input, SafeFileHandle output, SafeFileHandle error, SafeFileHandle? payload)
    {
        Input = new FileStream(input, FileAccess.Write, bufferSize: 0);
        Output = new FileStream(output, FileAccess.Read, bufferSize: 0);
        Error = new FileStream(error, FileAccess.Read, bufferSize: 0);
        Payload = payload is null ? null : new FileStream(payload, FileAccess.Write, bufferSize: 0);
    }

    /// <summary>To its standard input.</summary>
    internal FileStream Input { get; }

    /// <summary>From its standard output.</summary>
    internal FileStream Output { get; }

    /// <summary>From its standard error.</summary>
    internal FileStream Error { get; }

    /// <summary>To the descriptor that it reads its payload from.</summary>
    internal FileStream? Payload { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
        Error.Dispose();
        Payload?.Dispose();
    }

    /// <summary>The processor's ends: to be closed here once it has them. Closing does not touch the daemon's ends.</summary>
    internal sealed class Child : IDisposable
    {
        internal Child(bool hasPayload)
        {
            (Input, SafeFileHandle input) = Descriptors.CreatePipe();
            (SafeFileHandle output, Output) = Descriptors.CreatePipe();
            (SafeFileHandle error, Error) = Descriptors.CreatePipe();
            SafeFileHandle? payload = null;
            if (hasPayload)
            {
                (Payload, payload) = Descriptors.CreatePipe();
            }

            Parent = new PipeEnds(input, output, error, payload);
        }

        internal PipeEnds Parent { get; }

        internal SafeFileHandle Input { get; }

        internal SafeFileHandle Output { get; }

        internal SafeFileHandle Error { get; }

        internal SafeFileHandle? Payload { get; }

        /// <inheritdoc/>
        public void Dispose()
        {
            Input.Dispose();
            Output.Dispose();
            Error.Dispose();
            Payload?.Dispose();
        }
    }
}
