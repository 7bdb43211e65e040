using Gantry.Core.Errors;
using Gantry.Core.Snapshots;

namespace Gantry.Cli.Images;

/// <summary>Snapshots that may be there or not.</summary>
internal static class SnapshotLookup
{
    /// <summary>A snapshot; null when it is not there.</summary>
    public static async Task<SnapshotInfo?> FindAsync(ISnapshotter snapshots, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await snapshots.StatAsync(key, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }
}
