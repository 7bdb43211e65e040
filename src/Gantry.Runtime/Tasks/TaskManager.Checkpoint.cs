using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Bundles;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Runtime.Tasks;

/// <content>Checkpoint and restore.</content>
public sealed partial class TaskManager
{
    private const string RestoreName = "restore";

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Writes what the processes of a task are to files, from which they can be restored.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="images">The directory of the files.</param>
    /// <param name="options">How: options of the shim's type, passed on byte for byte.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task CheckpointAsync(
        Namespace ns, string id, string images, TypedBytes? options, CancellationToken cancellationToken)
    {
        CheckpointTaskRequest request = new() { Id = id, Path = images, Options = options.ToMessage() };
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        await task.Shim.CallAsync(
            (c, o) => c.CheckpointAsync(request, o), _options.Deadlines.Checkpoint, cancellationToken);
    }

    /// <summary>Writes what the processes of a task are to files, which are gone when this returns.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="options">How: options of the shim's type, passed on byte for byte.</param>
    /// <param name="take">What is done with the directory of the files.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task CheckpointAsync(
        Namespace ns, string id, TypedBytes? options, Func<string, Task> take, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(take);
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        string images = Path.Combine(task.Bundle.WorkPath, $"checkpoint-{Guid.NewGuid():N}");
        BundleStore.MakeDirectory(images, OwnerOnly);
        try
        {
            await CheckpointAsync(ns, id, images, options, cancellationToken);
            await take(images);
        }
        finally
        {
            DeleteImages(images);
        }
    }

    /// <summary>The directory of the images that a task is restored from; empty for one that begins.</summary>
    private static async Task<string> RestoreFromAsync(
        ManagedTask task, TaskCreation creation, CancellationToken cancellationToken)
    {
        if (creation.Checkpoint.Length > 0 || creation.CheckpointImages is null)
        {
            return creation.Checkpoint;
        }

        string images = Path.Combine(task.Bundle.WorkPath, RestoreName);
        BundleStore.MakeDirectory(images, OwnerOnly);
        await creation.CheckpointImages(images, cancellationToken);
        task.RestoreImages = images;
        return images;
    }

    /// <summary>Removes the images of a task that has been restored.</summary>
    private static void RemoveRestored(ManagedTask task)
    {
        if (task.RestoreImages is { } images)
        {
            task.RestoreImages = null;
            DeleteImages(images);
        }
    }

    private static void DeleteImages(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
