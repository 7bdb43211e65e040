namespace Gantry.Storage.Sqlite;

/// <summary>How the database keeps times: in units of 100 ns since 1970, in UTC.</summary>
internal static class StoredTime
{
    /// <summary>The stored form of a time.</summary>
    public static long ToTicks(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    /// <summary>The time of a stored form; one that no calendar has becomes the nearest that it has.</summary>
    public static DateTimeOffset FromTicks(long ticks)
    {
        long epoch = DateTimeOffset.UnixEpoch.UtcTicks;
        long clamped = Math.Clamp(ticks, -epoch, DateTimeOffset.MaxValue.UtcTicks - epoch);
        return new DateTimeOffset(clamped + epoch, TimeSpan.Zero);
    }
}
