using System.Security.Cryptography;
using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Tests;

/// <summary>What a user sees of a tree: one line a file, sorted by name. Names are shown as Latin-1.</summary>
internal static class Tree
{
    /// <summary>Type, mode, owner, size, links, time, device, attributes and content of all below a directory.</summary>
    public static IReadOnlyList<string> Describe(string root, bool times = true)
    {
        using SafeFileHandle directory = Open.Directory(root);
        List<string> lines = [];
        Describe(directory, "", times, lines);
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void Describe(SafeFileHandle directory, string prefix, bool times, List<string> lines)
    {
        foreach (DirectoryEntry entry in DirectoryTree.List(directory))
        {
            string path = prefix + "/" + Encoding.Latin1.GetString(entry.Name);
            if (Stat.TryAt(directory, entry.Name, out FileStatus status) != 0)
            {
                throw new IOException($"{path} vanished");
            }

            lines.Add(Line(directory, entry.Name, path, status, times));
            if (status.IsDirectory)
            {
                using SafeFileHandle below = Open.At(
                    directory, entry.Name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
                Describe(below, path, times, lines);
            }
        }
    }

    private static string Line(SafeFileHandle directory, byte[] name, string path, FileStatus status, bool times)
    {
        StringBuilder line = new();
        line.Append(path).Append($" {Convert.ToString(status.Mode, 8)} {status.Uid}:{status.Gid}");
        line.Append(status.IsDirectory ? "" : $" links={status.Links} size={status.Size}");
        line.Append(times ? $" mtime={status.Modified.Seconds}.{status.Modified.Nanoseconds:D9}" : "");
        line.Append($" dev={status.RdevMajor}:{status.RdevMinor}");
        foreach (byte[] xattr in Xattr.ListAt(directory, name).OrderBy(Encoding.Latin1.GetString, StringComparer.Ordinal))
        {
            byte[] value = Xattr.GetAt(directory, name, xattr) ?? [];
            line.Append($" {Encoding.Latin1.GetString(xattr)}={Convert.ToHexStringLower(value)}");
        }

        if (status.IsRegular)
        {
            using SafeFileHandle file = Open.At(directory, name, OpenFlags.O_RDONLY);
            using FileStream stream = new(file, FileAccess.Read);
            line.Append(" sha256=").Append(Convert.ToHexStringLower(SHA256.HashData(stream)));
        }
        else if (status.IsSymbolicLink && Link.TryReadSymbolic(directory, name, out byte[]? target) == 0)
        {
            line.Append(" -> ").Append(Encoding.Latin1.GetString(target!));
        }

        return line.ToString();
    }
}
