using System.Text;
using Gantry.Core.Mounts;

namespace Gantry.Archive.Apply;

/// <summary>What the options of a mount say.</summary>
internal static class MountText
{
    internal static bool Has(Mount mount, string name) => mount.Options.Contains(name, StringComparer.Ordinal);

    internal static string? Find(Mount mount, string prefix) =>
        mount.Options.LastOrDefault(option => option.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];

    internal static bool IsBind(Mount mount) => mount.Type == "bind" || Has(mount, "bind") || Has(mount, "rbind");

    /// <summary>True when ids change on their way through the mount.</summary>
    internal static bool IsMapped(Mount mount) =>
        Find(mount, "uidmap=") is not null || Find(mount, "gidmap=") is not null;

    /// <summary>The lower directories of an overlay, the nearest first.</summary>
    internal static IReadOnlyList<string> LowerDirectories(Mount overlay) =>
        SplitLower(Find(overlay, "lowerdir=") ?? "");

    /// <summary>Colons part directories; a backslash takes its meaning from the character after it.</summary>
    private static List<string> SplitLower(string text)
    {
        List<string> directories = [];
        StringBuilder directory = new();
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] == ':')
            {
                if (directory.Length > 0)
                {
                    directories.Add(directory.ToString());
                }

                directory.Clear();
                continue;
            }

            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            directory.Append(text[i]);
        }

        return directories;
    }
}
