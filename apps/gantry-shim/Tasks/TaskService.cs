using System.Collections.Concurrent;
using Gantry.Core.Errors;
using Gantry.Shim.Containers;

namespace Gantry.Shim.Tasks;

/// <summary>
/// The task service of the shim: the calls of the daemon, each in a file of its own. One shim serves a container, or all of
/// a group.
/// </summary>
internal sealed partial class TaskService(ContainerEnvironment environment, Action shutdown)
    : Gantry.Api.Runtime.TaskV2.Task.TaskBase
{
    private readonly ConcurrentDictionary<string, Container> _containers = new(StringComparer.Ordinal);

    /// <summary>Ids of containers that are being created.</summary>
    private readonly ConcurrentDictionary<string, bool> _creating = new(StringComparer.Ordinal);

    private Container Find(string id) => _containers.TryGetValue(id, out Container? container)
        ? container
        : throw new GantryException(ErrorKind.NotFound, "container not created");
}
