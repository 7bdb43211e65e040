namespace Gantry.Storage.Sqlite;

/// <summary>
/// The two numbers that only ever grow: the sequence of records and references, by which the collector knows what came
/// after its mark, and the ids of snapshots. The writer saves both with each transaction.
/// </summary>
internal sealed class Counters(long sequence, long snapshotId)
{
    private long _sequence = sequence;
    private long _snapshotId = snapshotId;

    /// <summary>The last number given out.</summary>
    public long Sequence => Interlocked.Read(ref _sequence);

    /// <summary>The last id given out.</summary>
    public long SnapshotId => Interlocked.Read(ref _snapshotId);

    /// <summary>The next number of the sequence.</summary>
    public long NextSequence() => Interlocked.Increment(ref _sequence);

    /// <summary>The next id of a snapshot.</summary>
    public long NextSnapshotId() => Interlocked.Increment(ref _snapshotId);

    /// <summary>Makes sure that no id up to this one is given out.</summary>
    public void RaiseSnapshotId(long used) => Raise(ref _snapshotId, used);

    /// <summary>Makes sure that no number up to this one is given out.</summary>
    public void RaiseSequence(long used) => Raise(ref _sequence, used);

    private static void Raise(ref long counter, long used)
    {
        long current;
        while ((current = Interlocked.Read(ref counter)) < used
            && Interlocked.CompareExchange(ref counter, used, current) != current)
        {
        }
    }
}
