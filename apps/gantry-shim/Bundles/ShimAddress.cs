using System.Security.Cryptography;
using System.Text;
using Gantry.Linux.Io;
using Gantry.Shim.Commands;

namespace Gantry.Shim.Bundles;

/// <summary>Where a shim listens.</summary>
internal static class ShimAddress
{
    private const string Scheme = "unix://";

    /// <summary>Used when the daemon's own directory makes a path too long for a socket.</summary>
    private const string FallbackDirectory = "/run/gantry/s";

    /// <summary>
    /// The socket of a shim: its name is made of the daemon's address, the namespace, and the container or the group of
    /// containers, so that the members of a group find the same.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="group">The container's id or that of its group.</param>
    /// <param name="socketDirectory">Where the daemon wants sockets, or empty.</param>
    public static string PathFor(ShimArguments arguments, string group, string socketDirectory)
    {
        if (arguments.Socket.Length > 0)
        {
            return ToPath(arguments.Socket);
        }

        string name = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{arguments.Address}/{arguments.Namespace}/{group}")));
        string directory = socketDirectory.Length > 0
            ? socketDirectory
            : Path.Combine(StateDirectory(arguments.Address), "s");
        string path = Path.Combine(directory, name);
        return Encoding.UTF8.GetByteCount(path) <= UnixSockets.PathLimit ? path : Path.Combine(FallbackDirectory, name);
    }

    /// <summary>The directory in which the daemon has its socket, which is that of its state.</summary>
    public static string StateDirectory(string daemonAddress)
    {
        string? directory = daemonAddress.Length == 0 ? null : Path.GetDirectoryName(ToPath(daemonAddress));
        return string.IsNullOrEmpty(directory) ? "/run/containerd" : directory;
    }

    public static string ToAddress(string path) => Scheme + path;

    public static string ToPath(string address) =>
        address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
}
