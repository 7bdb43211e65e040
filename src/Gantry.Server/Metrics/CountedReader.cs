using Grpc.Core;

namespace Gantry.Server.Metrics;

/// <summary>Counts the messages of a stream that comes.</summary>
/// <param name="inner">The stream.</param>
/// <param name="method">What counts.</param>
internal sealed class CountedReader<T>(IAsyncStreamReader<T> inner, RpcMethod method) : IAsyncStreamReader<T>
{
    /// <inheritdoc/>
    public T Current => inner.Current;

    /// <inheritdoc/>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        bool more = await inner.MoveNext(cancellationToken);
        if (more)
        {
            method.Receive();
        }

        return more;
    }
}
