using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>The stream of requests of a call.</summary>
internal sealed class ServerStreamReader<T>(ServerCall call, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;

    public T Current => _current ?? throw new InvalidOperationException("MoveNext has not returned true yet");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        while (await call.Incoming.WaitToReadAsync(cancellationToken))
        {
            if (call.Incoming.TryRead(out ReadOnlyMemory<byte> payload))
            {
                _current = IncomingPayload.Read(marshaller, payload, StatusCode.InvalidArgument);
                return true;
            }
        }

        return false;
    }
}
