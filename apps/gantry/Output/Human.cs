using System.Globalization;
using Gantry.Core.Maintenance;

namespace Gantry.Cli.Output;

/// <summary>Sizes and times for people.</summary>
internal static class Human
{
    public static string Size(long bytes) => ByteSize.Text(bytes);

    public static string Age(DateTimeOffset since)
    {
        if (since == default)
        {
            return "";
        }

        TimeSpan age = TimeProvider.System.GetUtcNow() - since;
        (long count, string unit) = age switch
        {
            { TotalSeconds: < 1 } => (0, "now"),
            { TotalMinutes: < 1 } => ((long)age.TotalSeconds, "second"),
            { TotalHours: < 1 } => ((long)age.TotalMinutes, "minute"),
            { TotalDays: < 1 } => ((long)age.TotalHours, "hour"),
            { TotalDays: < 60 } => ((long)age.TotalDays, "day"),
            _ => ((long)(age.TotalDays / 30), "month"),
        };
        return count == 0 ? "now" : $"{count} {unit}{(count == 1 ? "" : "s")} ago";
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
