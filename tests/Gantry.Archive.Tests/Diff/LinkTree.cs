using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Tests.Diff;

/// <summary>
/// A tree as <see cref="Tree"/> shows it, but that instead of counts of links, which an overlay does not tell rightly,
/// each name shows the first name of its file.
/// </summary>
internal static class LinkTree
{
    public static IReadOnlyList<string> Describe(string root)
    {
        Dictionary<(ulong, ulong), string> first = [];
        List<string> lines = [];
        foreach (string line in Tree.Describe(root))
        {
            int start = line.IndexOf(" links=", StringComparison.Ordinal);
            lines.Add(start < 0 ? line : line.Remove(start, line.IndexOf(' ', start + 1) - start));
        }

        using SafeFileHandle directory = Open.Directory(root);
        Walk(directory, "", first, lines);
        return lines;
    }

    private static void Walk(
        SafeFileHandle directory,
        string prefix,
        Dictionary<(ulong, ulong), string> first,
        List<string> lines)
    {
        foreach (DirectoryEntry entry in DirectoryTree.List(directory)
            .OrderBy(entry => Encoding.Latin1.GetString(entry.Name), StringComparer.Ordinal))
        {
            Stat.TryAt(directory, entry.Name, out FileStatus status);
            string path = prefix + "/" + Encoding.Latin1.GetString(entry.Name);
            if (status.IsDirectory)
            {
                using SafeFileHandle below = Open.At(
                    directory, entry.Name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
                Walk(below, path, first, lines);
            }
            else if (!first.TryAdd((status.Device, status.Inode), path))
            {
                lines.Add($"{path} is {first[(status.Device, status.Inode)]}");
            }
        }
    }
}
