using System.Globalization;
using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Suites;

/// <summary>What a client sees in a mounted snapshot.</summary>
public static class Tree
{
    /// <summary>One line for each name: its path, permissions, and what it holds or points to.</summary>
    /// <param name="root">The top, which is not described.</param>
    public static IReadOnlyList<string> Describe(string root)
    {
        List<string> lines = [];
        foreach (string path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(0, Stat.TryPath(path, out FileStatus status));
            string name = Path.GetRelativePath(root, path);
            string mode = System.Convert.ToString(status.Mode & InodeMode.PermissionMask, 8);
            lines.Add(status switch
            {
                { IsDirectory: true } => $"{name}/ {mode}",
                { IsSymbolicLink: true } => $"{name} -> {new FileInfo(path).LinkTarget}",
                _ => string.Create(CultureInfo.InvariantCulture, $"{name} {mode} x{status.Links} {File.ReadAllText(path)}"),
            });
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>Sets an extended attribute.</summary>
    public static void SetXattr(string path, string name, string value)
    {
        using SafeFileHandle file = Open.Path(path, OpenFlags.O_RDONLY);
        Assert.Equal(0, Xattr.TrySet(file, Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value)));
    }

    /// <summary>Reads an extended attribute; null when there is none.</summary>
    public static string? GetXattr(string path, string name)
    {
        using SafeFileHandle file = Open.Path(path, OpenFlags.O_RDONLY);
        return Xattr.Get(file, Encoding.UTF8.GetBytes(name)) is { } value ? Encoding.UTF8.GetString(value) : null;
    }
}
