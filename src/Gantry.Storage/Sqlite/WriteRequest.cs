namespace Gantry.Storage.Sqlite;

/// <summary>A change that waits for its turn with the writer.</summary>
internal abstract class WriteRequest(bool isDurable, CancellationToken cancellationToken)
{
    /// <summary>Whether the change is to be synced before the caller is told.</summary>
    public bool IsDurable => isDurable;

    /// <summary>Why the change failed, once it has.</summary>
    public Exception? Error { get; set; }

    /// <summary>Whether the caller has given up before the change was begun.</summary>
    public bool IsCanceled => cancellationToken.IsCancellationRequested;

    /// <summary>The token of the caller.</summary>
    protected CancellationToken CancellationToken => cancellationToken;

    /// <summary>Makes the change, within a savepoint.</summary>
    public abstract void Run(Writer writer);

    /// <summary>Tells the caller how it went; the transaction is over.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller that nothing was done because it gave up.</summary>
    public abstract void Cancel();
}
