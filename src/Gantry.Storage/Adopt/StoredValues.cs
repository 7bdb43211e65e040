using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Storage.Bolt;

namespace Gantry.Storage.Adopt;

/// <summary>
/// The values of containerd's buckets: text, Go's variable-length integers, times in the form of Go's
/// <c>time.Time.MarshalBinary</c>, labels as a bucket of texts, and protobuf's Any.
/// </summary>
internal static class StoredValues
{
    private const int MaxVarintLength = 10;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The key of an entry.</summary>
    public static string KeyText(this BoltBucket bucket, BoltEntry entry) => DecodeText(bucket, entry.Key.Span);

    /// <summary>A text; empty when there is none.</summary>
    public static string Text(this BoltBucket bucket, string key) =>
        bucket.Value(key) is { } value ? DecodeText(bucket, value.Span) : "";

    /// <summary>A number in Go's signed form; 0 when there is none.</summary>
    public static long Number(this BoltBucket bucket, string key)
    {
        if (bucket.Value(key) is not { IsEmpty: false } value)
        {
            return 0;
        }

        ulong raw = DecodeVarint(bucket, key, value.Span);
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    /// <summary>A number in Go's unsigned form.</summary>
    public static long Unsigned(this BoltBucket bucket, string key)
    {
        ulong raw = bucket.Value(key) is { } value
            ? DecodeVarint(bucket, key, value.Span)
            : throw bucket.Corrupt($"it has no {key}");
        return raw <= long.MaxValue ? (long)raw : throw bucket.Corrupt($"its {key} is out of bounds");
    }

    /// <summary>A time, to 100 ns; the first of all when there is none.</summary>
    public static DateTimeOffset Time(this BoltBucket bucket, string key)
    {
        if (bucket.Value(key) is not { IsEmpty: false } stored)
        {
            return DateTimeOffset.MinValue;
        }

        // Version 1: seconds since the year 1, nanoseconds, minutes of the zone. Version 2: a byte more of the zone.
        ReadOnlySpan<byte> value = stored.Span;
        if (!(value[0] == 1 && value.Length == 15) && !(value[0] == 2 && value.Length == 16))
        {
            throw bucket.Corrupt($"its {key} is no time");
        }

        long seconds = BinaryPrimitives.ReadInt64BigEndian(value[1..]);
        int nanoseconds = BinaryPrimitives.ReadInt32BigEndian(value[9..]);
        long lastSecond = DateTimeOffset.MaxValue.UtcTicks / TimeSpan.TicksPerSecond;
        return seconds >= 0 && seconds < lastSecond && nanoseconds is >= 0 and < 1_000_000_000
            ? new DateTimeOffset((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100), TimeSpan.Zero)
            : throw bucket.Corrupt($"its {key} is out of bounds");
    }

    /// <summary>The labels, or annotations, of an object; those without a value are as good as absent.</summary>
    public static IReadOnlyDictionary<string, string> Map(this BoltBucket bucket, string key)
    {
        if (bucket.Bucket(key) is not { } labels)
        {
            return ImmutableDictionary<string, string>.Empty;
        }

        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (BoltEntry entry in labels.Entries)
        {
            if (!entry.Value.IsEmpty)
            {
                found[labels.KeyText(entry)] = DecodeText(labels, entry.Value.Span);
            }
        }

        return found;
    }

    /// <summary>An Any; null when there is none.</summary>
    public static TypedBytes? Any(this BoltBucket bucket, string key) =>
        bucket.Value(key) is { IsEmpty: false } value ? DecodeAny(bucket, key, value) : null;

    /// <summary>The Anys within one of its buckets, by name; one without a value is an empty one.</summary>
    public static IReadOnlyDictionary<string, TypedBytes> Anys(this BoltBucket bucket, string key)
    {
        if (bucket.Bucket(key) is not { } stored)
        {
            return ImmutableDictionary<string, TypedBytes>.Empty;
        }

        Dictionary<string, TypedBytes> found = new(StringComparer.Ordinal);
        foreach (BoltEntry entry in stored.Entries)
        {
            string name = stored.KeyText(entry);
            found[name] = stored.Any(name) ?? new TypedBytes("", ReadOnlyMemory<byte>.Empty);
        }

        return found;
    }

    /// <summary>The buckets within one of its buckets, walked, each with its key; none when that is not there.</summary>
    public static IEnumerable<(string Key, BoltBucket Bucket)> Buckets(this BoltBucket bucket, string key)
    {
        if (bucket.Bucket(key) is not { } objects)
        {
            yield break;
        }

        foreach (BoltEntry entry in objects.Walk())
        {
            if (entry.Bucket is not null)
            {
                yield return (objects.KeyText(entry), entry.Bucket);
            }
        }
    }

    /// <summary>The keys within one of its buckets, walked; none when that is not there.</summary>
    public static IEnumerable<string> Keys(this BoltBucket bucket, string key)
    {
        if (bucket.Bucket(key) is not { } objects)
        {
            yield break;
        }

        foreach (BoltEntry entry in objects.Walk())
        {
            yield return objects.KeyText(entry);
        }
    }

    private static string DecodeText(BoltBucket bucket, ReadOnlySpan<byte> value)
    {
        try
        {
            string text = Utf8.GetString(value);
            return text.Contains('\0', StringComparison.Ordinal)
                ? throw bucket.Corrupt("a text in it has a NUL character")
                : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new GantryException(ErrorKind.DataLoss, bucket.Corrupt("a text in it is not UTF-8").Message, e);
        }
    }

    private static ulong DecodeVarint(BoltBucket bucket, string key, ReadOnlySpan<byte> value) =>
        ReadVarint(ref value, out ulong number) && value.IsEmpty
            ? number
            : throw bucket.Corrupt($"its {key} is no number");

    private static bool ReadVarint(ref ReadOnlySpan<byte> data, out ulong number)
    {
        number = 0;
        for (int i = 0; i < Math.Min(MaxVarintLength, data.Length); i++)
        {
            byte next = data[i];
            if (i == MaxVarintLength - 1 && next > 1)
            {
                return false;
            }

            number |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                data = data[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads an Any: field 1 is the type URL, field 2 the value, both of wire type 2.</summary>
    private static TypedBytes DecodeAny(BoltBucket bucket, string key, ReadOnlyMemory<byte> stored)
    {
        const ulong TypeUrlTag = (1 << 3) | 2;
        const ulong ValueTag = (2 << 3) | 2;
        string type = "";
        ReadOnlyMemory<byte> value = ReadOnlyMemory<byte>.Empty;
        ReadOnlySpan<byte> rest = stored.Span;
        while (!rest.IsEmpty)
        {
            if (!ReadVarint(ref rest, out ulong tag) || tag is not (TypeUrlTag or ValueTag)
                || !ReadVarint(ref rest, out ulong length) || length > (ulong)rest.Length)
            {
                throw bucket.Corrupt($"its {key} is no protobuf Any");
            }

            ReadOnlyMemory<byte> field = stored.Slice(stored.Length - rest.Length, (int)length);
            rest = rest[(int)length..];
            if (tag == TypeUrlTag)
            {
                type = DecodeText(bucket, field.Span);
            }
            else
            {
                value = field;
            }
        }

        return new TypedBytes(type, value);
    }
}
