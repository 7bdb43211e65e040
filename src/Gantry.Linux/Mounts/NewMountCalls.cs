using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Mounts;

/// <summary>
/// The newer mount calls, which take an overlay's layers one by one (Linux 6.7). See fsopen(2), fsconfig(2),
/// fsmount(2), move_mount(2). Their numbers are the same on x64 and arm64.
/// </summary>
internal static partial class NewMountCalls
{
    private const nint SYS_move_mount = 429;
    private const nint SYS_fsopen = 430;
    private const nint SYS_fsconfig = 431;
    private const nint SYS_fsmount = 432;
    private const int FSOPEN_CLOEXEC = 1;
    private const int FSMOUNT_CLOEXEC = 1;
    private const int FSCONFIG_SET_FLAG = 0;
    private const int FSCONFIG_SET_STRING = 1;
    private const int FSCONFIG_CMD_CREATE = 6;
    private const int MOVE_MOUNT_F_EMPTY_PATH = 4;
    private const int MOUNT_ATTR_RDONLY = 1;
    private const int MOUNT_ATTR_NOSUID = 2;
    private const int MOUNT_ATTR_NODEV = 4;
    private const int MOUNT_ATTR_NOEXEC = 8;
    private const int MOUNT_ATTR_NOATIME = 0x10;
    private const int AT_FDCWD = -100;

    public static void MountOverlay(string source, string target, MountFlags flags, OverlayOptions overlay)
    {
        using SafeFileHandle context = Handle(fsopen(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), "fsopen", "overlay");
        Set(context, "source", source);
        foreach (string lower in overlay.Lower)
        {
            Set(context, "lowerdir+", lower);
        }

        if (overlay.Upper.Length > 0)
        {
            Set(context, "upperdir", overlay.Upper);
            Set(context, "workdir", overlay.Work);
        }

        foreach (string option in overlay.Other)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            Set(context, equals < 0 ? option : option[..equals], equals < 0 ? null : option[(equals + 1)..]);
        }

        if (fsconfig(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, null, null, 0) != 0)
        {
            throw LinuxException.Last("fsconfig", target);
        }

        using SafeFileHandle mount =
            Handle(fsmount(SYS_fsmount, context, FSMOUNT_CLOEXEC, Attributes(flags)), "fsmount", target);
        if (move_mount(SYS_move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        {
            throw LinuxException.Last("move_mount", target);
        }
    }

    private static int Attributes(MountFlags flags) =>
        (flags.HasFlag(MountFlags.MS_RDONLY) ? MOUNT_ATTR_RDONLY : 0)
        | (flags.HasFlag(MountFlags.MS_NOSUID) ? MOUNT_ATTR_NOSUID : 0)
        | (flags.HasFlag(MountFlags.MS_NODEV) ? MOUNT_ATTR_NODEV : 0)
        | (flags.HasFlag(MountFlags.MS_NOEXEC) ? MOUNT_ATTR_NOEXEC : 0)
        | (flags.HasFlag(MountFlags.MS_NOATIME) ? MOUNT_ATTR_NOATIME : 0);

    private static void Set(SafeFileHandle context, string key, string? value)
    {
        int command = value is null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (fsconfig(SYS_fsconfig, context, command, key, value, 0) != 0)
        {
            throw LinuxException.Last("fsconfig", value is null ? key : $"{key}={value}");
        }
    }

    private static SafeFileHandle Handle(nint result, string call, string subject) =>
        result < 0 ? throw LinuxException.Last(call, subject) : new SafeFileHandle(result, ownsHandle: true);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint fsopen(nint number, string fsname, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint fsconfig(
        nint number, SafeFileHandle fd, nint cmd, string? key, string? value, nint aux);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint fsmount(nint number, SafeFileHandle fd, nint flags, nint attr_flags);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint move_mount(
        nint number, SafeFileHandle from_dirfd, string from_path, nint to_dirfd, string to_path, nint flags);
}
