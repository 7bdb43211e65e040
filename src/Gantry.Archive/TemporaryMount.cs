using Gantry.Core.Mounts;

namespace Gantry.Archive;

/// <summary>
/// Makes mounts at a temporary place, does something there, and unmounts, whether that went well or not.
/// </summary>
/// <param name="mounts">The mounts.</param>
/// <param name="action">What to do; it is given the directory they are mounted at.</param>
/// <param name="cancellationToken">Ends the attempt; nothing stays mounted.</param>
public delegate Task TemporaryMount(
    IReadOnlyList<Mount> mounts,
    Func<string, CancellationToken, Task> action,
    CancellationToken cancellationToken);
