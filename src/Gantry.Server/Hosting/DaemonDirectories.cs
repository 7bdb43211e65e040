using Gantry.Core.Errors;
using Gantry.Server.Config;

namespace Gantry.Server.Hosting;

/// <summary>The directories that a daemon works in.</summary>
internal static class DaemonDirectories
{
    /// <summary>The mode of what anybody may pass through.</summary>
    public const UnixFileMode Passable = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Looks whether root and state can be those of a daemon. Nothing is made.</summary>
    /// <exception cref="GantryException">InvalidArgument: they can't.</exception>
    public static void Check(DaemonConfig config)
    {
        Check("root", config.Root);
        Check("state", config.State);
        if (string.Equals(Path.GetFullPath(config.Root), Path.GetFullPath(config.State), StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "root and state must be different paths");
        }
    }

    /// <summary>Makes the state directory (0711).</summary>
    /// <exception cref="GantryException">FailedPrecondition: the system refuses it.</exception>
    public static void MakeState(DaemonConfig config, MadeDirectories made)
    {
        Make("state", config.State, Passable, made);
        File.SetUnixFileMode(config.State, Passable);
    }

    /// <summary>Makes the root directory (0700).</summary>
    /// <exception cref="GantryException">FailedPrecondition: the system refuses it.</exception>
    public static void MakeRoot(DaemonConfig config, MadeDirectories made) => Make("root", config.Root, OwnerOnly, made);

    private static void Make(string name, string path, UnixFileMode mode, MadeDirectories made)
    {
        try
        {
            made.Make(path, mode);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"{name} {path}: {exception.Message}", exception);
        }
    }

    private static void Check(string name, string path)
    {
        if (!Path.IsPathRooted(path))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{name} \"{path}\" is no absolute path");
        }
    }
}
