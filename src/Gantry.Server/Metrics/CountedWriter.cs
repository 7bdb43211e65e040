using Grpc.Core;

namespace Gantry.Server.Metrics;

/// <summary>Counts the messages of a stream that goes.</summary>
/// <param name="inner">The stream.</param>
/// <param name="method">What counts.</param>
internal sealed class CountedWriter<T>(IServerStreamWriter<T> inner, RpcMethod method) : IServerStreamWriter<T>
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions
    {
        get => inner.WriteOptions;
        set => inner.WriteOptions = value;
    }

    /// <inheritdoc/>
    public async Task WriteAsync(T message)
    {
        await inner.WriteAsync(message, CancellationToken.None);
        method.Send();
    }

    /// <inheritdoc/>
    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        await inner.WriteAsync(message, cancellationToken);
        method.Send();
    }
}
