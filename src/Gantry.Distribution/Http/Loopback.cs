using System.Net;

namespace Gantry.Distribution.Http;

/// <summary>Tells hosts on this machine from others, by name alone.</summary>
internal static class Loopback
{
    public static bool Is(Uri uri) =>
        string.Equals(uri.IdnHost, "localhost", StringComparison.OrdinalIgnoreCase)
        || uri.IdnHost.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(uri.IdnHost, out IPAddress? address) && IPAddress.IsLoopback(address));
}
