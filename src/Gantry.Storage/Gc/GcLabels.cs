using System.Globalization;
using Gantry.Core.Labels;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>Labels that steer the collector by themselves.</summary>
internal static class GcLabels
{
    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>The time of <c>gc.expire</c> in its stored form; null when there is none, or none that is a time.</summary>
    public static long? Expiry(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(WellKnownLabels.GcExpire, out string? text) && TryParseTime(text, out DateTimeOffset time)
            ? StoredTime.ToTicks(time)
            : null;

    /// <summary>Whether a lease keeps only what it lists.</summary>
    public static bool IsFlat(IReadOnlyDictionary<string, string> labels) =>
        labels.ContainsKey(WellKnownLabels.GcFlat);

    /// <summary>Reads a time as RFC 3339 writes it: with a zone, and any number of digits behind the second.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        time = default;
        int zone = text.AsSpan().LastIndexOfAny("Zz+-");
        return zone >= "2006-01-02T15:04:05".Length
            && DateTimeOffset.TryParseExact(
                WithoutNanoseconds(text, zone),
                TimeFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out time);
    }

    /// <summary>The text with no more than the seven digits behind the second that a time here can have.</summary>
    private static string WithoutNanoseconds(string text, int zone)
    {
        const int Greatest = 27;
        return zone <= Greatest ? text : string.Concat(text.AsSpan(0, Greatest), text.AsSpan(zone));
    }
}
