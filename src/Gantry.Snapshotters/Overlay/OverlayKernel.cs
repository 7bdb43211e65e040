using Gantry.Linux.Mounts;

namespace Gantry.Snapshotters.Overlay;

/// <summary>What the kernel's overlayfs can do here.</summary>
internal static class OverlayKernel
{
    private const string IndexParameter = "/sys/module/overlay/parameters/index";
    private const string UidMap = "/proc/self/uid_map";

    /// <summary>The options that every overlay mount gets on this kernel.</summary>
    public static IReadOnlyList<string> MountOptions()
    {
        List<string> options = [];
        if (File.Exists(IndexParameter))
        {
            // The index would refuse a lower directory that was an upper one before, as every layer was.
            options.Add("index=off");
        }

        if (InUserNamespace())
        {
            options.Add("userxattr");
        }

        return options;
    }

    /// <summary>Makes a real mount of two lower and an upper directory; returns why it fails, null if it does not.</summary>
    public static string? Probe(string root)
    {
        string directory = Path.Combine(root, $".probe-{Guid.NewGuid():N}");
        try
        {
            foreach (string name in new[] { "lower1", "lower2", "upper", "work", "merged" })
            {
                Directory.CreateDirectory(Path.Combine(directory, name));
            }

            string lower = $"{Path.Combine(directory, "lower2")}:{Path.Combine(directory, "lower1")}";
            string merged = Path.Combine(directory, "merged");
            MountCalls.Mount(
                "overlay",
                "overlay",
                merged,
                [
                    $"lowerdir={lower}",
                    $"upperdir={Path.Combine(directory, "upper")}",
                    $"workdir={Path.Combine(directory, "work")}",
                    .. MountOptions(),
                ]);
            MountCalls.Unmount(merged, UnmountFlags.MNT_DETACH);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"failed to mount overlay below {root}: {e.Message}";
        }
        finally
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    /// <summary>Whether user ids are mapped, which takes the right to trusted attributes away.</summary>
    private static bool InUserNamespace()
    {
        if (!File.Exists(UidMap))
        {
            return false;
        }

        string[] lines = File.ReadAllLines(UidMap);
        string[] fields = lines.Length == 1 ? lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        return fields is not ["0", "0", "4294967295"];
    }
}
