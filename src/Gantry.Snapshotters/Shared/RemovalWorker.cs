using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Linux.Syscalls;
using Microsoft.Extensions.Logging;

namespace Gantry.Snapshotters.Shared;

/// <summary>
/// Removes directories in the background, so that nobody waits for a tree to go. A directory is set aside by renaming it
/// to <c>.rm-…</c>; the names themselves are the queue, which so outlives the daemon.
/// </summary>
internal sealed class RemovalWorker : IAsyncDisposable
{
    private const string Prefix = ".rm-";

    private readonly string _directory;
    private readonly ILogger _logger;
    private readonly Action<string> _remove;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _loop;
    private long _count;

    /// <summary>Starts the worker of a directory.</summary>
    /// <param name="directory">Where what is set aside lies.</param>
    /// <param name="logger">Where it is told what could not be removed.</param>
    /// <param name="remove">Removes a path.</param>
    public RemovalWorker(string directory, ILogger logger, Action<string> remove)
    {
        _directory = directory;
        _logger = logger;
        _remove = remove;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Sets a directory of the same filesystem aside and returns; a path that is not there is no error.</summary>
    public void SetAside(string path)
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        string aside = $"{Prefix}{Path.GetFileName(path)}-{Guid.NewGuid():N}-{Interlocked.Increment(ref _count)}";
        Link.Rename(path, Path.Combine(_directory, aside));
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Removes all that is set aside now, and returns when that is done.</summary>
    /// <exception cref="AggregateException">Something could not be removed.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        List<Exception> errors = await RemoveAllAsync(cancellationToken);
        if (errors.Count > 0)
        {
            throw new AggregateException(errors);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _turn.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "a pass that fails is logged; the next signal begins another")]
    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _signal.Reader.ReadAsync(_stop.Token);
                await RemoveAllAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                SnapshotterLog.RemovalFailed(_logger, _directory, e);
            }
        }
    }

    private async Task<List<Exception>> RemoveAllAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // Off the caller's thread: a tree may be large.
            return await Task.Run(() => RemoveAll(cancellationToken), cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private List<Exception> RemoveAll(CancellationToken cancellationToken)
    {
        List<Exception> errors = [];
        foreach (string path in Directory.GetDirectories(_directory, Prefix + "*"))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                _remove(path);
            }
            catch (IOException e)
            {
                SnapshotterLog.NotRemoved(_logger, path, e);
                errors.Add(e);
            }
        }

        return errors;
    }
}
