using System.Globalization;
using Gantry.Core.Labels;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>Labels that steer the collector by themselves.</summary>
internal static class GcLabels
{
    /// <summary>The time of <c>gc.expire</c> in its stored form; null when there is none, or none that is a time.</summary>
    public static long? Expiry(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(WellKnownLabels.GcExpire, out string? text)
        && DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces,
            out DateTimeOffset time)
            ? StoredTime.ToTicks(time)
            : null;

    /// <summary>Whether a lease keeps only what it lists.</summary>
    public static bool IsFlat(IReadOnlyDictionary<string, string> labels) =>
        labels.ContainsKey(WellKnownLabels.GcFlat);
}
