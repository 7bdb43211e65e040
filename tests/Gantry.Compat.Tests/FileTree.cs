using System.Text.RegularExpressions;
using Gantry.Testing;

namespace Gantry.Compat.Tests;

/// <summary>
/// A tree, a line for each file: type, mode, owner, time of change, links, target or device, extended attributes, content.
/// </summary>
internal static partial class FileTree
{
    private const string Describe = """
        set -e
        cd "$1"
        find . -mindepth 1 -printf '%p\t%y %m %U:%G %T@ %l\n' | LC_ALL=C sort
        find . -mindepth 1 ! -type d -printf '%p\tlinks %n\n' | LC_ALL=C sort
        find . \( -type b -o -type c \) -exec stat -c '%n device %t:%T' {} + | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
        find . -mindepth 1 -print0 | LC_ALL=C sort -z | xargs -0 -r getfattr -h -d -m - -e hex 2>/dev/null | grep -v '^trusted.overlay' || true
        """;

    /// <summary>Describes the tree below a directory.</summary>
    public static Task<string> DescribeAsync(string directory) => Images.ShellAsync(Describe, directory);

    /// <summary>Pulls an image with ctr, mounts a view of it, describes it, and removes all again.</summary>
    public static async Task<string> OfImageAsync(PrivateDaemon daemon, string image)
    {
        await daemon.CtrOkAsync("image", "pull", "--plain-http", image);
        using TempDirectory mount = new();
        await daemon.CtrOkAsync("image", "mount", image, mount.Path);
        try
        {
            return await DescribeAsync(mount.Path);
        }
        finally
        {
            await daemon.CtrOkAsync("image", "unmount", "--rm", mount.Path);
            await daemon.CtrOkAsync("image", "rm", "--sync", image);
        }
    }

    /// <summary>Unpacks an image with umoci and describes it.</summary>
    /// <param name="image">The image, as umoci calls it: <c>LAYOUT:TAG</c>.</param>
    public static async Task<string> OfUmociAsync(string image)
    {
        using TempDirectory work = new();
        await Images.ShellAsync("umoci unpack --image \"$1\" \"$2\"", image, work["bundle"]);
        return await DescribeAsync(work["bundle/rootfs"]);
    }

    /// <summary>A description in which no directory has a time.</summary>
    public static string WithoutDirectoryTimes(string tree) => DirectoryTime().Replace(tree, "${line}");

    /// <summary>A description without the lines that count links.</summary>
    public static string WithoutLinkCounts(string tree) =>
        string.Join('\n', tree.Split('\n').Where(line => !line.Contains("\tlinks ", StringComparison.Ordinal)));

    /// <summary>The first lines in which two descriptions differ, for messages.</summary>
    public static string Difference(string expected, string actual)
    {
        HashSet<string> left = new(expected.Split('\n'), StringComparer.Ordinal);
        HashSet<string> right = new(actual.Split('\n'), StringComparer.Ordinal);
        return string.Join(
            '\n',
            left.Except(right, StringComparer.Ordinal).Take(20).Select(line => "- " + line)
                .Concat(right.Except(left, StringComparer.Ordinal).Take(20).Select(line => "+ " + line)));
    }

    [GeneratedRegex(@"(?<line>\td \d+ \d+:\d+) [\d.]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DirectoryTime();
}
