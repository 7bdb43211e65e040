using System.Globalization;
using Gantry.Core;

namespace Gantry.Storage.Gc;

/// <summary>
/// A condition under which a snapshot keeps what names it: <c>usedat&lt;DURATION</c> or <c>usedat&gt;DURATION</c>, held
/// against the snapshot's time of last use.
/// </summary>
/// <param name="Text">The condition, such as <c>usedat&lt;24h</c>.</param>
/// <param name="SnapshotKey">The collector's key of the snapshot.</param>
internal readonly record struct GcCondition(string Text, string SnapshotKey)
{
    private const string UsedAt = "usedat";

    /// <summary>Whether it is a condition that means something; any other never holds.</summary>
    public bool IsKnown => TryRead(out _, out _);

    /// <summary>A condition from its stored form.</summary>
    public static GcCondition Parse(string stored)
    {
        int bar = stored.IndexOf('|', StringComparison.Ordinal);
        return new GcCondition(stored[..bar], stored[(bar + 1)..]);
    }

    /// <summary>Whether it holds.</summary>
    /// <param name="usedAt">When the snapshot was last used, as its label says.</param>
    /// <param name="now">The time.</param>
    public bool Holds(string usedAt, DateTimeOffset now)
    {
        if (!TryRead(out bool younger, out TimeSpan limit) || !GcLabels.TryParseTime(usedAt, out DateTimeOffset used))
        {
            return false;
        }

        TimeSpan age = now - used;
        return younger ? age < limit : age > limit;
    }

    /// <summary>The stored form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Text}|{SnapshotKey}");

    private bool TryRead(out bool younger, out TimeSpan limit)
    {
        younger = Text.Length > UsedAt.Length && Text[UsedAt.Length] == '<';
        limit = default;
        return Text.StartsWith(UsedAt, StringComparison.Ordinal)
            && (younger || (Text.Length > UsedAt.Length && Text[UsedAt.Length] == '>'))
            && GoDuration.TryParse(Text[(UsedAt.Length + 1)..], out limit);
    }
}
