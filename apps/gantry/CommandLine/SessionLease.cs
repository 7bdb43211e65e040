using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;

namespace Gantry.Cli.CommandLine;

/// <summary>The lease of one command: it keeps what is made until something refers to it, and ends by itself in an hour.</summary>
internal static class SessionLease
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Makes one.</summary>
    public static Task<Lease> CreateAsync(Session session)
    {
        string end = (TimeProvider.System.GetUtcNow() + Lifetime).UtcDateTime
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return session.Scope.Leases.CreateAsync(
            "", new Dictionary<string, string>(StringComparer.Ordinal) { [WellKnownLabels.GcExpire] = end }, session.Token);
    }

    /// <summary>Ends one, whether it is made by now or not.</summary>
    public static async Task DropAsync(Session session, Task<Lease> leasing)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        try
        {
            await session.Scope.Leases.DeleteAsync((await leasing).Id, synchronous: false, limit.Token);
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException)
        {
            // Either it was never made, and the caller hears of that, or it ends by itself.
        }
    }
}
