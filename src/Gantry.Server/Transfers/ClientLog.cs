using System.Text;
using System.Threading.Channels;
using Gantry.Server.Streams;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Transfers;

/// <summary>
/// A log that goes to the daemon's own and, line by line, to a stream of the client's. A client that does not read it any
/// more misses the rest; more lines than it takes in time are left out. Secrets are in no line.
/// </summary>
internal sealed class ClientLog : ILogger, IAsyncDisposable
{
    private const int MaxWaiting = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ILogger _own;
    private readonly ClientStream _stream;
    private readonly CancellationTokenSource _ended;
    private readonly Task _sending;
    private readonly Channel<string> _waiting = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Begins to tell.</summary>
    /// <param name="own">The daemon's log.</param>
    /// <param name="stream">The client's stream.</param>
    /// <param name="cancellationToken">Ends with the call.</param>
    public ClientLog(ILogger own, ClientStream stream, CancellationToken cancellationToken)
    {
        _own = own;
        _stream = stream;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _sending = SendAsync(_ended.Token);
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _own.BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        _own.Log(logLevel, eventId, state, exception, formatter);
        _waiting.Writer.TryWrite(formatter(state, exception).ReplaceLineEndings(" "));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The transfer does not wait long for a client that leaves no room for what there is to tell.
        _waiting.Writer.TryComplete();
        _ended.CancelAfter(Patience);
        await _sending;
        _stream.Close();
        _ended.Dispose();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using OutgoingBytes bytes = new(_stream);
            await foreach (string line in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                await bytes.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or Grpc.Core.RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The client has closed its stream, or given up its call: there is nobody to tell.
            _waiting.Writer.TryComplete();
        }
    }
}
