#pragma warning disable MA0048 // The generic half of WriteRequest.cs.
namespace Gantry.Storage.Sqlite;

/// <summary>A change with a result.</summary>
internal sealed class WriteRequest<T>(Func<Writer, T> change, bool isDurable, CancellationToken cancellationToken)
    : WriteRequest(isDurable, cancellationToken)
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Ends when the change is durable, or has failed.</summary>
    public Task<T> Task => _completion.Task;

    /// <inheritdoc/>
    public override void Run(Writer writer) => _result = change(writer);

    /// <inheritdoc/>
    public override void Complete()
    {
        if (Error is null)
        {
            _completion.SetResult(_result!);
        }
        else
        {
            _completion.SetException(Error);
        }
    }

    /// <inheritdoc/>
    public override void Cancel() => _completion.SetCanceled(CancellationToken);
}
