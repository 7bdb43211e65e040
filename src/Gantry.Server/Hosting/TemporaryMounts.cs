using System.Collections.Concurrent;
using Gantry.Core.Mounts;
using Gantry.Linux.Mounts;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>Mounts that the daemon makes for itself, for a moment, below <c>ROOT/tmpmounts</c>.</summary>
public sealed class TemporaryMounts
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _directory;
    private readonly ILogger<TemporaryMounts> _logger;
    private readonly ConcurrentDictionary<string, bool> _inUse = new(StringComparer.Ordinal);

    /// <summary>Makes the directory, and removes what an earlier daemon has left in it.</summary>
    /// <param name="directory">The directory, used by nobody else.</param>
    /// <param name="logger">Where leftovers that can't be removed are told.</param>
    public TemporaryMounts(string directory, ILogger<TemporaryMounts> logger)
    {
        _directory = directory;
        _logger = logger;
        Directory.CreateDirectory(directory, OwnerOnly);
        Clean();
    }

    /// <summary>Mounts, works on the result, unmounts.</summary>
    /// <param name="mounts">The mounts, in order; their targets are below the root.</param>
    /// <param name="work">Gets the root of what is mounted.</param>
    /// <param name="cancellationToken">Ends the work; nothing stays mounted.</param>
    public async Task WithAsync(
        IReadOnlyList<Mount> mounts,
        Func<string, CancellationToken, Task> work,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mounts);
        ArgumentNullException.ThrowIfNull(work);
        string root = Path.Combine(_directory, Guid.NewGuid().ToString("n"));
        _inUse.TryAdd(root, true);
        Directory.CreateDirectory(root, OwnerOnly);
        try
        {
            foreach (Mount mount in mounts)
            {
                MountCalls.Mount(mount.Type, mount.Source, Target(root, mount.Target), mount.Options);
            }

            await work(root, cancellationToken);
        }
        finally
        {
            Remove(root);
            _inUse.TryRemove(root, out _);
        }
    }

    /// <summary>Whether a path is that of a mount that is worked on, or lies in one.</summary>
    /// <param name="path">An absolute path.</param>
    public bool IsInUse(string path) =>
        _inUse.Keys.Any(root => path == root || path.StartsWith(root + "/", StringComparison.Ordinal));

    private static string Target(string root, string target)
    {
        if (target.Length == 0)
        {
            return root;
        }

        // The root is a mount made a moment ago whose content is not trusted; only plain directories below it will do.
        string path = root;
        foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Combine(path, part);
            if (part is "." or ".." || new DirectoryInfo(path) is not { Exists: true, LinkTarget: null })
            {
                throw new Core.Errors.GantryException(
                    Core.Errors.ErrorKind.InvalidArgument,
                    $"mount target \"{target}\" is no directory below the root");
            }
        }

        return path;
    }

    private void Clean()
    {
        foreach (string entry in Directory.EnumerateDirectories(_directory))
        {
            Remove(entry);
        }
    }

    private void Remove(string directory)
    {
        try
        {
            foreach (MountInfo mount in MountInfo.ReadBelow(directory).Reverse())
            {
                MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH | UnmountFlags.UMOUNT_NOFOLLOW);
            }

            // Never recursively: what can't be unmounted must not be emptied.
            Directory.Delete(directory);
        }
        catch (IOException exception)
        {
            ServerLog.LeftoverMount(_logger, directory, exception.Message);
        }
    }
}
