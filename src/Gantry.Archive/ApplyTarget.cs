using System.Text;
using Gantry.Archive.Apply;
using Gantry.Core.Mounts;

namespace Gantry.Archive;

/// <summary>Where a layer goes without a mount being made.</summary>
/// <param name="Directory">The directory to write to.</param>
/// <param name="Options">How to write there.</param>
internal sealed record ApplyTarget(string Directory, ApplyOptions Options)
{
    /// <summary>
    /// The directory behind a single writable bind mount, or the upper directory of a single overlay.
    /// </summary>
    /// <returns>Null when the mounts have to be made.</returns>
    internal static ApplyTarget? Of(IReadOnlyList<Mount> mounts, ApplyOptions options)
    {
        if (mounts is not [{ Target: "" } mount])
        {
            return null;
        }

        if (mount.Type == "overlay")
        {
            return OfOverlay(mount, options);
        }

        bool isWritableBind = (mount.Type == "bind" || Has(mount, "bind") || Has(mount, "rbind"))
            && !Has(mount, "ro");
        return isWritableBind && mount.Source.StartsWith('/')
            ? new ApplyTarget(mount.Source, options with { OverlayMode = false })
            : null;
    }

    private static ApplyTarget? OfOverlay(Mount mount, ApplyOptions options)
    {
        string? upper = Find(mount, "upperdir=");
        if (upper is null || Has(mount, "ro"))
        {
            return null;
        }

        // Mappings of ids change what is written on its way through the mount.
        if (Find(mount, "uidmap=") is not null || Find(mount, "gidmap=") is not null)
        {
            return null;
        }

        return new ApplyTarget(upper, options with
        {
            OverlayMode = true,
            LowerDirectories = SplitLower(Find(mount, "lowerdir=") ?? ""),
            UserXattr = Has(mount, "userxattr"),
        });
    }

    private static bool Has(Mount mount, string name) =>
        mount.Options.Contains(name, StringComparer.Ordinal);

    private static string? Find(Mount mount, string prefix) =>
        mount.Options.LastOrDefault(option => option.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];

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
