using Gantry.Core.Errors;
using Gantry.Linux.Io;
using Gantry.Linux.Syscalls;
using Gantry.Ttrpc;

namespace Gantry.Runtime.Shims;

/// <summary>The file of a shim's socket.</summary>
internal static class ShimSocket
{
    /// <summary>
    /// Removes the socket of a shim that can't do it any more. One that somebody listens on, such as the shim of a group
    /// that has other tasks, is left, and so is what is no socket.
    /// </summary>
    /// <exception cref="IOException">It can't be removed.</exception>
    public static void RemoveDead(BootstrapResult bootstrap)
    {
        if (TryPath(bootstrap.Address) is { } path
            && Stat.TryPath(path, out FileStatus status) == 0
            && (status.Mode & InodeMode.S_IFMT) == InodeMode.S_IFSOCK
            && !UnixSockets.CanConnect(path))
        {
            File.Delete(path);
        }
    }

    private static string? TryPath(string address)
    {
        try
        {
            TtrpcAddress parsed = TtrpcAddress.Parse(address);
            return parsed.IsAbstract || !Path.IsPathRooted(parsed.Path) ? null : parsed.Path;
        }
        catch (GantryException)
        {
            // It is the address of nothing that could be removed.
            return null;
        }
    }
}
