using System.Globalization;
using Gantry.Core.Maintenance;
using Gantry.Core.Mounts;
using Gantry.Storage.Mounts;

namespace Gantry.Storage.Doctor;

/// <summary>Holds the mounts that the mounts service made against their records.</summary>
internal sealed class ActivationCheck(DoctorContext context)
{
    private const string Area = "mounts";

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (context.Activator.Driver is not { } driver)
        {
            await context.NoteAsync(Area, "", "activations were not checked: no daemon runs");
            return;
        }

        (List<ActivationRow> gone, List<long> unknown) = Look(driver);
        if (gone.Count + unknown.Count > 0)
        {
            // Mounts are made after their record and removed after it.
            await context.WaitForSecondLookAsync(cancellationToken);
            (List<ActivationRow> again, List<long> unknownAgain) = Look(driver);
            gone.RemoveAll(row => !again.Exists(other => other.Id == row.Id));
            unknown.RemoveAll(id => !unknownAgain.Contains(id));
        }

        foreach (ActivationRow row in gone)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Error,
                    Area,
                    $"{row.Namespace}: {row.Name}",
                    "its mounts are not there, or not all of them",
                    "it is deactivated"),
                () => DeactivateAsync(driver, row, cancellationToken));
        }

        foreach (long id in unknown)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Warning,
                    Area,
                    string.Create(CultureInfo.InvariantCulture, $"activation {id}"),
                    "mounts without a record",
                    "they are unmounted"),
                async () =>
                {
                    await driver.DeactivateAsync(id, cancellationToken);
                    return null;
                });
        }

        await context.NoteAsync(
            Area,
            "",
            string.Create(CultureInfo.InvariantCulture, $"{context.Database.Read(ActivationTable.ListAll).Count} activations"));
    }

    private (List<ActivationRow> Gone, List<long> Unknown) Look(IMountDriver driver)
    {
        IReadOnlyList<long> there = driver.ListIds();
        List<ActivationRow> rows = context.Database.Read(ActivationTable.ListAll);
        HashSet<long> known = [.. rows.Select(row => row.Id)];
        return (
            [.. rows.Where(row => row.Mounts is { } mounts && !driver.IsWhole(mounts.Active))],
            [.. there.Where(id => !known.Contains(id))]);
    }

    private async Task<string?> DeactivateAsync(
        IMountDriver driver,
        ActivationRow row,
        CancellationToken cancellationToken)
    {
        using (await context.Activator.Names.AcquireAsync($"{row.Namespace}/{row.Name}", cancellationToken))
        {
            await context.Database.WriteAsync(
                writer => ActivationTable.Delete(writer, row.Namespace, row.Name, row.Id), cancellationToken);
            await driver.DeactivateAsync(row.Id, cancellationToken);
            return null;
        }
    }
}
