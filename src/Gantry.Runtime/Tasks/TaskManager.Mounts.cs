using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Runtime.Bundles;

namespace Gantry.Runtime.Tasks;

/// <content>Mounts of root filesystems that a shim can't make: they are activated under the id of the task.</content>
public sealed partial class TaskManager
{
    /// <summary>
    /// Makes of the mounts of a root filesystem those that a shim does not know. A mark in the bundle, older than the
    /// activation, says that it goes with the task.
    /// </summary>
    /// <returns>What is left for the shim to mount.</returns>
    private async Task<IReadOnlyList<Mount>> ActivateAsync(
        ManagedTask task, IReadOnlyList<Mount> rootfs, CancellationToken cancellationToken)
    {
        Bundle bundle = task.Bundle;
        if (_options.ActivationsFor?.Invoke(bundle.Namespace, rootfs) is not { } activations)
        {
            return rootfs;
        }

        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [WellKnownLabels.BackReferenceContainer] = bundle.Id,
        };
        Activation activation;
        BundleStore.WriteFile(bundle.ActivatedPath, []);
        try
        {
            activation = await activations.ActivateAsync(bundle.Id, rootfs, labels, temporary: false, cancellationToken);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.AlreadyExists)
        {
            // A client has activated them for this task, and will deactivate them itself.
            File.Delete(bundle.ActivatedPath);
            activation = await activations.InfoAsync(bundle.Id, cancellationToken);
        }

        return activation.System.Count > 0
            ? activation.System
            : [new Mount("bind", activation.Active[^1].MountPoint, ["rbind"])];
    }

    /// <summary>Takes away what was activated for a task, if anything was.</summary>
    private async Task DeactivateAsync(ManagedTask task)
    {
        Bundle bundle = task.Bundle;
        if (!File.Exists(bundle.ActivatedPath)
            || _options.ActivationsFor?.Invoke(bundle.Namespace, null) is not { } activations)
        {
            return;
        }

        BundleStore.Unmount(bundle);
        try
        {
            await activations.DeactivateAsync(bundle.Id, CancellationToken.None);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            // It was not made, or a client was first.
            _logger.LeftOut(bundle.Namespace.ToString(), bundle.Id, failure);
        }
    }
}
