namespace Gantry.Storage.Content;

/// <summary>The refs that have a writer, or are being removed. They are held in memory: no writer outlives the daemon.</summary>
internal sealed class IngestLocks
{
    // Guards the dictionary.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Namespace, string Reference), IngestLock> _held = [];

    /// <summary>Locks a ref.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="reference">The ref.</param>
    /// <param name="since">The time now.</param>
    /// <param name="holder">The lock: the caller's when this succeeds, else that of who has it.</param>
    public bool TryLock(string ns, string reference, DateTimeOffset since, out IngestLock holder)
    {
        lock (_gate)
        {
            if (_held.TryGetValue((ns, reference), out IngestLock? other))
            {
                holder = other;
                return false;
            }

            holder = new IngestLock(ns, reference, since);
            _held.Add((ns, reference), holder);
            return true;
        }
    }

    /// <summary>Unlocks a ref; unlocking twice changes nothing.</summary>
    public void Unlock(IngestLock held)
    {
        held.IsReleased = true;
        lock (_gate)
        {
            if (_held.TryGetValue((held.Namespace, held.Reference), out IngestLock? current) && current == held)
            {
                _held.Remove((held.Namespace, held.Reference));
            }
        }
    }

    /// <summary>Whether a ref is locked.</summary>
    public bool IsLocked(string ns, string reference)
    {
        lock (_gate)
        {
            return _held.ContainsKey((ns, reference));
        }
    }

    /// <summary>The writer that has a ref; null when it has none.</summary>
    public ContentWriter? FindWriter(string ns, string reference)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault((ns, reference))?.Writer;
        }
    }
}
