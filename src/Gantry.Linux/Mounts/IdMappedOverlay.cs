using Gantry.Linux.Namespaces;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Mounts;

/// <summary>
/// Overlays with the options <c>uidmap=</c> and <c>gidmap=</c>, which are containerd's and not the kernel's: the lower
/// directories are shown with mapped owners, so that one layer serves containers of any mapping. The upper directory is
/// not mapped: what a container makes has the host's ids from the start.
/// </summary>
internal static class IdMappedOverlay
{
    private const string UidKey = "uidmap=";
    private const string GidKey = "gidmap=";

    /// <summary>Whether options ask for it.</summary>
    public static bool IsAskedFor(IReadOnlyList<string> data) => data.Any(IsMap);

    /// <summary>
    /// Calls <paramref name="mount"/> with options whose lower directories are mapped ones; these are gone when it
    /// returns, as an overlay holds on to its layers.
    /// </summary>
    public static void With(IReadOnlyList<string> data, Action<IReadOnlyList<string>> mount)
    {
        OverlayOptions overlay = OverlayOptions.Parse([.. data.Where(option => !IsMap(option))]);
        using SafeFileHandle user = UserNamespace.Create(Map(data, UidKey), Map(data, GidKey));
        string directory = Directory.CreateTempSubdirectory("gantry-idmap-").FullName;
        List<string> mapped = [];
        try
        {
            foreach (string lower in overlay.Lower)
            {
                string place = Path.Combine(directory, $"{mapped.Count}");
                Directory.CreateDirectory(place);
                IdMappedMount.Attach(lower, place, user);
                mapped.Add(place);
            }

            mount((overlay with { Lower = mapped }).ToData());
        }
        finally
        {
            foreach (string place in mapped)
            {
                MountCalls.UnmountAll(place, UnmountFlags.MNT_DETACH);
            }

            // Directories alone, one by one: nothing below a mount that stayed may be touched.
            foreach (string place in Directory.EnumerateDirectories(directory))
            {
                Directory.Delete(place);
            }

            Directory.Delete(directory);
        }
    }

    private static bool IsMap(string option) =>
        option.StartsWith(UidKey, StringComparison.Ordinal) || option.StartsWith(GidKey, StringComparison.Ordinal);

    // Commas part options, so that a map of several ranges would be several options: as containerd has it, each is one.
    private static string Map(IReadOnlyList<string> data, string key) =>
        data.LastOrDefault(option => option.StartsWith(key, StringComparison.Ordinal))?[key.Length..]
        ?? throw new LinuxException("mount", $"overlay without option {key}", Errno.EINVAL);
}
