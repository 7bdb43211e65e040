using System.Security.Cryptography;

namespace Gantry.Distribution.Http;

/// <summary>How long to wait before the next attempt: about twice as long each time, and never at the same time as others.</summary>
internal static class Backoff
{
    private const int MaxDoublings = 7;
    private const int Grain = 1000;

    public static TimeSpan Delay(RegistryOptions options, int failuresInRow)
    {
        double jitter = 0.5 + ((double)RandomNumberGenerator.GetInt32(Grain) / Grain);
        return options.RetryDelay * Math.Pow(2, Math.Min(failuresInRow - 1, MaxDoublings)) * jitter;
    }
}
