using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Tasks;
using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Bundles;

/// <summary>
/// The bundles of all tasks: <c>STATE/io.containerd.runtime.v2.task/NAMESPACE/ID</c>, each with a work directory of the
/// same name below the root, which outlives a reboot. Those of sandboxes are in a tree of their own beside it. The trees
/// and their modes are containerd's.
/// </summary>
/// <param name="root">The daemon's root.</param>
/// <param name="state">The daemon's state.</param>
/// <param name="plugin">The tree: <see cref="TaskTree"/> or <see cref="SandboxTree"/>.</param>
public sealed class BundleStore(string root, string state, string plugin = BundleStore.TaskTree)
{
    /// <summary>The tree of tasks.</summary>
    public const string TaskTree = "io.containerd.runtime.v2.task";

    /// <summary>The tree of sandboxes.</summary>
    public const string SandboxTree = "io.containerd.sandbox.controller.v1.shim";

    /// <summary>The prefix of a directory that is being removed: no identifier begins with a dot.</summary>
    private const string RemovedPrefix = ".removed-";

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Passable = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _work = Path.Combine(root, plugin);
    private readonly string _bundles = Path.Combine(state, plugin);

    /// <summary>Where a task's bundle is, whether it exists or not.</summary>
    public Bundle Locate(Namespace ns, string id)
    {
        Identifier.Validate(id);
        string name = ns.ToString();
        return new Bundle(ns, id, Path.Combine(_bundles, name, id), Path.Combine(_work, name, id));
    }

    /// <summary>Makes a bundle: nothing of it is left when that fails.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="spec">The OCI runtime spec, written byte for byte.</param>
    /// <exception cref="GantryException">AlreadyExists: the directory is there.</exception>
    public Bundle Create(Namespace ns, string id, ReadOnlyMemory<byte> spec)
    {
        Bundle bundle = Locate(ns, id);
        if (Directory.Exists(bundle.DirectoryPath))
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"bundle {bundle.DirectoryPath}");
        }

        MakeDirectory(_bundles, Passable);
        MakeDirectory(_work, Passable);
        MakeDirectory(Path.GetDirectoryName(bundle.DirectoryPath)!, Passable);
        MakeDirectory(Path.GetDirectoryName(bundle.WorkPath)!, Passable);
        try
        {
            BundleOwner.Prepare(bundle.DirectoryPath, spec.Span);
            MakeDirectory(bundle.RootFilesystemPath, Passable);
            // A work directory of that name is an earlier task's, whose state was lost.
            DeleteTree(bundle.WorkPath);
            MakeDirectory(bundle.WorkPath, Passable);
            File.CreateSymbolicLink(bundle.WorkLinkPath, bundle.WorkPath);
            WriteFile(bundle.SpecPath, spec.Span);
            return bundle;
        }
        catch (IOException)
        {
            Delete(bundle);
            throw;
        }
    }

    /// <summary>Writes which program the shim is of.</summary>
    public static void WriteProgram(Bundle bundle, string binaryPath)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        WriteFile(bundle.ShimBinaryPath, System.Text.Encoding.UTF8.GetBytes(binaryPath));
    }

    /// <summary>Writes how the shim is reached.</summary>
    public static void WriteBootstrap(Bundle bundle, BootstrapResult bootstrap)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(bootstrap);
        WriteFile(bundle.BootstrapPath, bootstrap.ToJson());
    }

    /// <summary>Writes which sandbox's shim serves the task.</summary>
    public static void WriteSandbox(Bundle bundle, string sandbox)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        WriteFile(bundle.SandboxPath, System.Text.Encoding.UTF8.GetBytes(sandbox));
    }

    /// <summary>The program that the shim is of; null when that is not written.</summary>
    internal static string? ReadProgram(Bundle bundle) =>
        File.Exists(bundle.ShimBinaryPath) && File.ReadAllText(bundle.ShimBinaryPath).Trim() is { Length: > 0 } path
            ? path
            : null;

    /// <summary>How the shim is reached, as the daemon or the shim wrote it; null when neither has.</summary>
    internal static BootstrapResult? ReadBootstrap(Bundle bundle, ILogger logger)
    {
        foreach (string path in new[] { bundle.BootstrapPath, bundle.AddressPath })
        {
            FileInfo file = new(path);
            if (!file.Exists || file.Length is 0 or > BootstrapResult.MaxLength)
            {
                continue;
            }

            try
            {
                return BootstrapResult.Parse(File.ReadAllBytes(path));
            }
            catch (GantryException failure) when (failure.Kind is ErrorKind.InvalidArgument)
            {
                // Power went before it was all written; the other file may do.
                logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, $"reading {path}", failure);
            }
        }

        return null;
    }

    /// <summary>Whether the shim of a bundle lives.</summary>
    public static bool HasShim(Bundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return ShimProcess.Find(bundle) is not null;
    }

    /// <summary>All bundles that are there.</summary>
    public IReadOnlyList<Bundle> Find()
    {
        List<Bundle> found = [];
        if (!Directory.Exists(_bundles))
        {
            return found;
        }

        foreach (string directory in Directory.EnumerateDirectories(_bundles))
        {
            if (TryNamespace(Path.GetFileName(directory)) is not { } ns)
            {
                continue;
            }

            foreach (string bundle in Directory.EnumerateDirectories(directory))
            {
                string id = Path.GetFileName(bundle);
                if (id.StartsWith(RemovedPrefix, StringComparison.Ordinal))
                {
                    Empty(bundle);
                }
                else if (Identifier.IsValid(id))
                {
                    found.Add(Locate(ns, id));
                }
            }
        }

        return found;
    }

    /// <summary>
    /// Removes a bundle and its work directory. What is still mounted below its root filesystem is unmounted first, so
    /// that nothing of it is deleted. What is gone already is no error.
    /// </summary>
    /// <remarks>
    /// <code>
    /// 1. remove the work directory, while there is a bundle that says to whom it belongs
    /// 2. move the bundle aside, with what is mounted in it, so that a new task of the same id can be made at once
    /// 3. unmount everything below it, the innermost first, and remove it
    /// </code>
    /// A daemon that dies in between leaves a bundle, or one that was moved aside, and the next one goes on with either.
    /// </remarks>
    public void Delete(Bundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        // Step 1
        DeleteTree(bundle.WorkPath);
        if (Directory.Exists(bundle.DirectoryPath))
        {
            // Step 2
            string aside = Path.Combine(
                Path.GetDirectoryName(bundle.DirectoryPath)!,
                string.Create(CultureInfo.InvariantCulture, $"{RemovedPrefix}{Guid.NewGuid():N}"));
            Directory.Move(bundle.DirectoryPath, aside);
            // Step 3
            Empty(aside);
        }
    }

    /// <summary>Unmounts what is mounted below a bundle.</summary>
    internal static void Unmount(Bundle bundle) => Unmount(bundle.DirectoryPath);

    /// <summary>Writes a file as a whole or not at all.</summary>
    internal static void WriteFile(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".tmp";
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        };
        using (FileStream file = new(temporary, options))
        {
            file.Write(content);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Makes a directory with this mode exactly, whatever the process's mask; one that is there is left.</summary>
    internal static void MakeDirectory(string path, UnixFileMode mode)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, mode);
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void Unmount(string directory)
    {
        // The later of two mounts may lie on or below the earlier.
        foreach (MountInfo mount in MountInfo.ReadBelow(directory).Reverse())
        {
            try
            {
                MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH | UnmountFlags.UMOUNT_NOFOLLOW);
            }
            catch (LinuxException failure) when (failure.Errno is Errno.EINVAL or Errno.ENOENT)
            {
                // Gone meanwhile, together with the one above it.
                continue;
            }
        }
    }

    private static void Empty(string directory)
    {
        Unmount(directory);
        // What is still mounted is somebody's files, and must not be deleted as if it were the bundle's.
        if (MountInfo.ReadBelow(directory) is [{ } left, ..])
        {
            throw new LinuxException("umount2", left.MountPoint, Errno.EBUSY);
        }

        DeleteTree(directory);
    }

    private static void DeleteTree(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Namespace? TryNamespace(string name) => Identifier.IsValid(name) ? Namespace.Parse(name) : null;
}
