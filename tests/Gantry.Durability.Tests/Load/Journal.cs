namespace Gantry.Durability.Tests.Load;

/// <summary>
/// What one worker asked for and what was acknowledged. The state of an object is text: all that a client can see of it.
/// </summary>
internal sealed class Journal
{
    // Guards the rest.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string?> _acknowledged = new(StringComparer.Ordinal);
    private readonly List<Operation> _pending = [];

    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many operations were acknowledged.</summary>
    public int Count { get; private set; }

    /// <summary>Completes with the next operation that is acknowledged.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Does something: acknowledged when it ends well, open when it does not.</summary>
    public async Task<T> DoAsync<T>(Operation operation, Func<Task<T>> call)
    {
        lock (_gate)
        {
            _pending.Add(operation);
        }

        T result = await call();
        lock (_gate)
        {
            _pending.Remove(operation);
            Apply(operation);
            Count++;
        }

        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return result;
    }

    public Task DoAsync(Operation operation, Func<Task> call) => DoAsync(operation, async () =>
    {
        await call();
        return true;
    });

    /// <summary>What is known now.</summary>
    public JournalView View()
    {
        lock (_gate)
        {
            return new JournalView(
                _acknowledged.ToDictionary(StringComparer.Ordinal),
                [.. _pending]);
        }
    }

    /// <summary>Takes what was seen of open operations as what is.</summary>
    public void Settle(IReadOnlyDictionary<string, string?> seen)
    {
        lock (_gate)
        {
            foreach ((string key, string? _) in _pending.SelectMany(operation => operation.Changes))
            {
                Set(key, seen.GetValueOrDefault(key));
            }

            _pending.Clear();
        }
    }

    private void Apply(Operation operation)
    {
        foreach ((string key, string? state) in operation.Changes)
        {
            Set(key, state);
        }
    }

    private void Set(string key, string? state)
    {
        // What was removed stays known as removed, but not for ever.
        _acknowledged[key] = state;
        if (_acknowledged.Count > 2000)
        {
            foreach (string gone in _acknowledged.Where(pair => pair.Value is null).Select(p => p.Key).Take(500).ToList())
            {
                _acknowledged.Remove(gone);
            }
        }
    }
}
