namespace Gantry.Linux.Mounts;

/// <summary>
/// Mounts of files that need a loop device: option <c>loop</c>, as mount(8) takes it. The device goes with the mount.
/// </summary>
public static class LoopMount
{
    /// <summary>The option.</summary>
    public const string Option = "loop";

    private const string Erofs = "erofs";

    /// <summary>Makes a mount; without the option it is one like any other.</summary>
    /// <param name="type">The type of the filesystem.</param>
    /// <param name="source">What is mounted.</param>
    /// <param name="target">Where; it must exist.</param>
    /// <param name="options">Options in the style of fstab, and <c>loop</c>.</param>
    /// <returns>What was mounted: the source, or its device.</returns>
    /// <exception cref="LinuxException">The file can't be opened, there is no device, or the kernel refused.</exception>
    public static string Mount(string type, string source, string target, IReadOnlyList<string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        bool readOnly = options.Contains("ro");
        bool isErofs = type == Erofs;
        bool needsLoop = options.Contains(Option);
        IReadOnlyList<string> others = needsLoop ? [.. options.Where(given => given != Option)] : options;
        if (!needsLoop || isErofs)
        {
            try
            {
                MountCalls.Mount(type, source, target, others);
                return source;
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOTBLK && isErofs)
            {
                // A kernel before 6.12 mounts no file of this type; as for others, a device will do.
                others = readOnly ? others : [.. others, "ro"];
                readOnly = true;
            }
        }

        // The mount keeps the device, which goes with it.
        using LoopDevice device = LoopDevice.Attach(source, readOnly, directIo: false, target);
        MountCalls.Mount(type, device.Path, target, others);
        return device.Path;
    }
}
