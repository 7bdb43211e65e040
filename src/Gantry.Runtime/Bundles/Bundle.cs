using Gantry.Api.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Bundles;

/// <summary>The directory of a task, with the names of what lies in it.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Id">The task.</param>
/// <param name="DirectoryPath">Its directory, below the daemon's state.</param>
/// <param name="WorkPath">Its work directory, below the daemon's root.</param>
public sealed record Bundle(Namespace Namespace, string Id, string DirectoryPath, string WorkPath)
{
    /// <summary>The OCI runtime spec.</summary>
    public string SpecPath => Path.Combine(DirectoryPath, "config.json");

    /// <summary>Where the root filesystem is mounted.</summary>
    public string RootFilesystemPath => Path.Combine(DirectoryPath, "rootfs");

    /// <summary>The link to <see cref="WorkPath"/>.</summary>
    public string WorkLinkPath => Path.Combine(DirectoryPath, "work");

    /// <summary>The FIFO that the shim logs to.</summary>
    public string LogPath => Path.Combine(DirectoryPath, "log");

    /// <summary>The path of the shim's program.</summary>
    public string ShimBinaryPath => Path.Combine(DirectoryPath, "shim-binary-path");

    /// <summary>How the shim is reached.</summary>
    public string BootstrapPath => Path.Combine(DirectoryPath, "bootstrap.json");

    /// <summary>How the shim is reached, as shims and daemons before bootstrap.json wrote it.</summary>
    public string AddressPath => Path.Combine(DirectoryPath, "address");

    /// <summary>The process id of the shim, where the shim writes it.</summary>
    public string ShimPidPath => Path.Combine(DirectoryPath, "shim.pid");

    /// <summary>The sandbox whose shim serves the task; there is none when the task has a shim of its own.</summary>
    public string SandboxPath => Path.Combine(DirectoryPath, "sandbox");

    /// <summary>
    /// The exit of the first process, and the last exit of an exec, that were told: protobuf messages of the event. Of execs
    /// the last will do: a shim sends one event after another, and repeats only the one whose answer was lost.
    /// </summary>
    public IReadOnlyList<string> ExitPaths =>
        [Path.Combine(DirectoryPath, "exit"), Path.Combine(DirectoryPath, "exit.exec")];

    /// <summary>The exit of the first process, once its deletion was told, too: shims tell that before the bundle is removed.</summary>
    public string DeletedPath => Path.Combine(DirectoryPath, "exit.deleted");

    /// <summary>Where an exit of this task is kept.</summary>
    internal string ExitPath(TaskExit exit) => ExitPaths[exit.Id == exit.ContainerId ? 0 : 1];

    /// <summary>A mark: mounts of the root filesystem were activated for the task, and go with it.</summary>
    public string ActivatedPath => Path.Combine(DirectoryPath, "activated");
}
