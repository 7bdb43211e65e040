using Gantry.Core;
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
    private readonly PassLoop _passes;
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
        _passes = new PassLoop(
            token => RemoveAllAsync([], token), e => SnapshotterLog.RemovalFailed(logger, directory, e));
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
        _passes.Request();
    }

    /// <summary>Removes all that is set aside now, and returns when that is done.</summary>
    /// <exception cref="AggregateException">Something could not be removed.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        List<Exception> errors = [];
        await _passes.InTurnAsync(token => RemoveAllAsync(errors, token), cancellationToken);
        if (errors.Count > 0)
        {
            throw new AggregateException(errors);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _passes.DisposeAsync();

    // Off the caller's thread: a tree may be large.
    private Task RemoveAllAsync(List<Exception> errors, CancellationToken cancellationToken) =>
        Task.Run(() => RemoveAll(errors, cancellationToken), cancellationToken);

    private void RemoveAll(List<Exception> errors, CancellationToken cancellationToken)
    {
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
    }
}
