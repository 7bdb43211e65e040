using System.Collections.Immutable;
using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Microsoft.Extensions.Logging;

namespace Gantry.Transfer;

/// <summary>
/// A lease for a piece of work: it keeps what the work makes until something else does. It is dropped with the object;
/// if that can't be, it ends by itself after a day.
/// </summary>
internal sealed class WorkLease : IAsyncDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    private readonly ILeaseStore _leases;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private WorkLease(ILeaseStore leases, string id, TimeProvider time, ILogger logger)
    {
        _leases = leases;
        Id = id;
        _time = time;
        _logger = logger;
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>Makes one.</summary>
    public static async Task<WorkLease> CreateAsync(
        ILeaseStore leases,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        string expiry = (time.GetUtcNow() + Lifetime).UtcDateTime.ToString(
            "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Lease lease = await leases.CreateAsync(
            "", ImmutableDictionary<string, string>.Empty.Add(WellKnownLabels.GcExpire, expiry), cancellationToken);
        return new WorkLease(leases, lease.Id, time, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(CleanupLimit, _time);
        try
        {
            await _leases.DeleteAsync(Id, synchronous: false, limit.Token);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            // Nothing to delete.
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or IOException)
        {
            // The work itself has ended one way or the other; the lease runs out by itself.
            _logger.LeftBehind($"lease {Id}", e.Message);
        }
    }
}
