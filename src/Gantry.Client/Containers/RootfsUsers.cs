using System.Text;
using Gantry.Client.Internal;
using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Client.Containers;

/// <summary>
/// Reads the users and groups of a root filesystem that is given as mounts. It has to run where the daemon runs, with
/// the right to read its files.
/// </summary>
/// <remarks>
/// A bind mount is read where its source is. Of an overlay, the layers are looked through from the top, which is quicker
/// than a mount and leaves nothing behind; only when a layer has something out of the ordinary there (a symbolic link,
/// say), or the mounts are of another kind, are they mounted, read-only, on a directory of this process's own.
/// </remarks>
public static class RootfsUsers
{
    private const string Passwd = "passwd";
    private const string Group = "group";

    private enum Found
    {
        Yes,
        No,
        Unclear,
    }

    /// <summary>Reads <c>/etc/passwd</c> and <c>/etc/group</c>.</summary>
    /// <param name="mounts">The mounts of the root filesystem, as a snapshotter gives them.</param>
    /// <exception cref="LinuxException">They can't be mounted or read.</exception>
    public static UserDatabase Read(IReadOnlyList<Mount> mounts)
    {
        ArgumentNullException.ThrowIfNull(mounts);
        if (mounts is [{ Type: "bind" or "rbind" } bind])
        {
            return ReadDirectory(bind.Source);
        }

        if (mounts is [{ Type: "overlay" } overlay]
            && TryReadLayers(Layers(overlay), Passwd, out string? passwd)
            && TryReadLayers(Layers(overlay), Group, out string? group))
        {
            return new UserDatabase(passwd, group);
        }

        return ReadMounted(mounts);
    }

    private static UserDatabase ReadDirectory(string path)
    {
        using SafeFileHandle root = Open.Directory(path);
        return new UserDatabase(ReadBeneath(root, Passwd), ReadBeneath(root, Group));
    }

    private static UserDatabase ReadMounted(IReadOnlyList<Mount> mounts)
    {
        using TemporaryMount mounted = TemporaryMount.Of(mounts, readOnly: true);
        return ReadDirectory(mounted.Path);
    }

    /// <summary>The directories of an overlay, from the top.</summary>
    private static List<string> Layers(Mount overlay)
    {
        List<string> layers = [];
        foreach (string option in overlay.Options)
        {
            if (option.StartsWith("upperdir=", StringComparison.Ordinal))
            {
                layers.Insert(0, option["upperdir=".Length..]);
            }
            else if (option.StartsWith("lowerdir=", StringComparison.Ordinal))
            {
                layers.AddRange(option["lowerdir=".Length..].Split(':'));
            }
        }

        return layers;
    }

    /// <summary>Looks for a file of /etc; false when the layers alone can't tell.</summary>
    private static bool TryReadLayers(List<string> layers, string name, out string? text)
    {
        text = null;
        foreach (string layer in layers)
        {
            // A colon or backslash in a path is escaped in the option; no snapshotter makes such paths.
            if (layer.Contains('\\', StringComparison.Ordinal))
            {
                return false;
            }

            switch (Look(layer, name, out text))
            {
                case Found.Unclear:
                    return false;
                case Found.Yes:
                    return true;
                case Found.No when text is null:
                    break;
                default:
                    text = null;
                    return true;
            }
        }

        return layers.Count > 0;
    }

    /// <summary>
    /// Looks in one layer. <see cref="Found.No"/> with an empty text means that the layers below don't count either.
    /// </summary>
    private static Found Look(string layer, string name, out string? text)
    {
        text = null;
        string directory = Path.Combine(layer, "etc");
        int errno = Stat.TryPath(directory, out FileStatus status);
        if (errno != 0)
        {
            return errno == Errno.ENOENT && Directory.Exists(layer) ? Found.No : Found.Unclear;
        }

        if (status.IsWhiteout)
        {
            text = "";
            return Found.No;
        }

        if (!status.IsDirectory)
        {
            return Found.Unclear;
        }

        using SafeFileHandle etc = Open.Directory(directory);
        errno = Stat.TryAt(etc, Encoding.UTF8.GetBytes(name), out status);
        if (errno == Errno.ENOENT)
        {
            if (HasAttribute(etc, "redirect"))
            {
                return Found.Unclear;
            }

            text = HasAttribute(etc, "opaque") ? "" : null;
            return Found.No;
        }

        if (errno == 0 && status.IsWhiteout)
        {
            text = "";
            return Found.No;
        }

        if (errno != 0 || !status.IsRegular)
        {
            return Found.Unclear;
        }

        using SafeFileHandle file = Open.At(
            etc,
            Encoding.UTF8.GetBytes(name),
            OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW);
        if (HasAttribute(file, "metacopy"))
        {
            return Found.Unclear;
        }

        text = ReadText(file, name);
        return Found.Yes;
    }

    private static bool HasAttribute(SafeFileHandle file, string name) =>
        Xattr.Get(file, Encoding.UTF8.GetBytes($"trusted.overlay.{name}")) is not null
        || Xattr.Get(file, Encoding.UTF8.GetBytes($"user.overlay.{name}")) is not null;

    private static string? ReadBeneath(SafeFileHandle root, string name)
    {
        // Links of the image are followed as the container would, never out of its root.
        using SafeFileHandle? file = Open.TryBeneath(
            root,
            Encoding.UTF8.GetBytes($"etc/{name}"),
            OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK,
            ResolveFlags.InRoot | ResolveFlags.NoMagicLinks,
            mode: 0,
            out int errno);
        return file is not null
            ? ReadText(file, name)
            : errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
                ? null
                : throw new LinuxException("openat2", $"etc/{name}", errno);
    }

    private static string? ReadText(SafeFileHandle file, string name)
    {
        if (!Stat.Of(file).IsRegular)
        {
            return null;
        }

        long length = RandomAccess.GetLength(file);
        if (length > UserDatabase.MaxFileBytes)
        {
            throw new FormatException($"etc/{name}: {length} bytes are more than {UserDatabase.MaxFileBytes}");
        }

        byte[] bytes = new byte[length];
        int count = RandomAccess.Read(file, bytes, 0);
        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
