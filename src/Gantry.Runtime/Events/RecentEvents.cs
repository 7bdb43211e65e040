using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gantry.Core.Events;

namespace Gantry.Runtime.Events;

/// <summary>Knows the last events again, by a digest of all that they consist of. One thread at a time.</summary>
/// <param name="log">Holds what was told before this daemon began; null: nothing.</param>
internal sealed class RecentEvents(IEventLog? log)
{
    private const int Limit = 4096;

    private readonly HashSet<UInt128> _known = [];
    private readonly Queue<UInt128> _order = [];
    private bool _loaded;

    /// <summary>Adds an event; false when it is there.</summary>
    public bool TryAdd(EventEnvelope envelope)
    {
        if (!_loaded)
        {
            Load();
            _loaded = true;
        }

        return Add(envelope);
    }

    /// <summary>Forgets an event that was added. Its place among the last ones stays taken.</summary>
    public void Remove(EventEnvelope envelope) => _known.Remove(Digest(envelope));

    private void Load()
    {
        if (log is { Last: > 0 and var last })
        {
            ulong after = ulong.Max(log.Oldest - 1, last > Limit ? last - Limit : 0);
            foreach (EventEnvelope envelope in log.Read(after, last))
            {
                Add(envelope);
            }
        }
    }

    private bool Add(EventEnvelope envelope)
    {
        UInt128 digest = Digest(envelope);
        if (!_known.Add(digest))
        {
            return false;
        }

        _order.Enqueue(digest);
        if (_order.Count > Limit)
        {
            _known.Remove(_order.Dequeue());
        }

        return true;
    }

    private static UInt128 Digest(EventEnvelope envelope)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, envelope.Timestamp.UtcTicks);
        hash.AppendData(number);

        // No name holds a zero.
        hash.AppendData(Encoding.UTF8.GetBytes($"{envelope.Namespace}\0{envelope.Topic}\0{envelope.Event.TypeUrl}\0"));
        hash.AppendData(envelope.Event.Value.Span);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
