using System.Diagnostics.CodeAnalysis;
using Gantry.Core;
using Gantry.Core.Mounts;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Mounts;

/// <summary>What all activations share: the driver, and who is at work on which name.</summary>
/// <param name="driver">What mounts; null when nothing does.</param>
/// <param name="database">The records.</param>
/// <param name="logger">Where it is told what could not be unmounted.</param>
internal sealed class MountActivator(IMountDriver? driver, Database database, ILogger logger)
{
    /// <summary>What mounts; null when nothing does.</summary>
    public IMountDriver? Driver => driver;

    /// <summary>Held while a name is activated or deactivated.</summary>
    public KeyedLock Names { get; } = new();

    /// <summary>
    /// Once, at the start: takes away activations that were not finished, those whose mounts are gone, as all are after
    /// a reboot, and mounts that have no record.
    /// </summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        if (driver is null)
        {
            return;
        }

        HashSet<long> whole = [];
        foreach (ActivationRow row in database.Read(ActivationTable.ListAll))
        {
            if (row.Mounts is { } mounts && driver.IsWhole(mounts.Active))
            {
                whole.Add(row.Id);
                continue;
            }

            StorageLog.MountsGone(logger, row.Namespace, row.Name);
            await database.WriteAsync(
                writer => ActivationTable.Delete(writer, row.Namespace, row.Name, row.Id), cancellationToken);
        }

        await DeactivateAsync(driver.ListIds().Where(id => !whole.Contains(id)));
    }

    /// <summary>Unmounts what has no record any more.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "the record is gone; the next start unmounts the rest")]
    public async Task DeactivateAsync(IEnumerable<long> ids)
    {
        foreach (long id in ids)
        {
            try
            {
                await (driver?.DeactivateAsync(id, CancellationToken.None) ?? Task.CompletedTask);
            }
            catch (Exception e)
            {
                StorageLog.NotDeactivated(logger, id, e);
            }
        }
    }
}
