using Gantry.Core.Errors;
using Gantry.Server.Config;

namespace Gantry.Server.Hosting;

/// <summary>The directories that a daemon works in.</summary>
internal static class DaemonDirectories
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Passable = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes root (0700) and state (0711) directories.</summary>
    /// <exception cref="GantryException">InvalidArgument: they can't be those of a daemon.</exception>
    public static void Create(DaemonConfig config)
    {
        Check("root", config.Root);
        Check("state", config.State);
        if (string.Equals(Path.GetFullPath(config.Root), Path.GetFullPath(config.State), StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "root and state must be different paths");
        }

        Directory.CreateDirectory(config.Root, OwnerOnly);
        Directory.CreateDirectory(config.State, Passable);
        File.SetUnixFileMode(config.State, Passable);
    }

    private static void Check(string name, string path)
    {
        if (!Path.IsPathRooted(path))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{name} \"{path}\" is no absolute path");
        }
    }
}
