using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Mounts;

namespace Gantry.Cli.Containers;

/// <summary>A container that has just been made and has no task yet.</summary>
/// <param name="Record">Its record.</param>
/// <param name="Mounts">The mounts of its root filesystem; none when its spec names a directory.</param>
internal sealed record NewContainer(ContainerRecord Record, IReadOnlyList<Mount> Mounts)
{
    public string Id => Record.Id;

    /// <summary>Removes it after a failure, whatever there is of a task.</summary>
    public async Task RemoveAsync(NamespaceClient scope)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveAsync(scope, Record, hasTask: true, force: true, limit.Token);
    }

    /// <summary>Removes it after its process has ended.</summary>
    public async Task RemoveEndedAsync(NamespaceClient scope)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveAsync(scope, Record, hasTask: true, force: false, limit.Token);
    }

    /// <summary>Removes its task after the process has ended; the record keeps how it ended.</summary>
    public async Task KeepEndedAsync(NamespaceClient scope, int status)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveTaskAsync(scope, Id, force: false, limit.Token);
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [ContainerLabels.ExitStatus] = status.ToString(CultureInfo.InvariantCulture),
        };
        await scope.Containers.UpdateAsync(
            new ContainerRecord(Id) { Labels = labels },
            new FieldMask(["labels." + ContainerLabels.ExitStatus]),
            limit.Token);
    }
}
