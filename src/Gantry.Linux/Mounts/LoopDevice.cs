using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Mounts;

/// <summary>Files as block devices: see <see href="https://man7.org/linux/man-pages/man4/loop.4.html">loop(4)</see>.</summary>
public sealed unsafe partial class LoopDevice : IDisposable
{
    private const nuint LOOP_SET_STATUS64 = 0x4C04;
    private const nuint LOOP_GET_STATUS64 = 0x4C05;
    private const nuint LOOP_CONFIGURE = 0x4C0A;
    private const nuint LOOP_CTL_GET_FREE = 0x4C82;
    private const uint LO_FLAGS_READ_ONLY = 1;
    private const uint LO_FLAGS_AUTOCLEAR = 4;
    private const uint LO_FLAGS_DIRECT_IO = 16;

    /// <summary>Others take devices too: how often a free one is looked for.</summary>
    private const int MaxAttempts = 64;

    // struct loop_config { u32 fd; u32 block_size; struct loop_info64 info; u64 reserved[8]; }
    // struct loop_info64 { u64 device, inode, rdevice, offset, sizelimit; u32 number, encrypt_type, encrypt_key_size,
    //                      flags; u8 file_name[64], crypt_name[64], encrypt_key[32]; u64 init[2]; }
    private const int InfoSize = 232;
    private const int InfoOffset = 8;
    private const int ConfigSize = InfoOffset + InfoSize + 64;
    private const int FlagsOffset = 52;
    private const int NameOffset = 56;
    private const int NameSize = 64;

    private readonly SafeFileHandle _device;

    private LoopDevice(string path, SafeFileHandle device)
    {
        Path = path;
        _device = device;
    }

    /// <summary>The device, such as <c>/dev/loop0</c>.</summary>
    public string Path { get; }

    /// <summary>
    /// Puts a file behind a free device. The device is given back when nobody has it open any more, unless that is
    /// changed by <see cref="SetAutoclear"/>.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="readOnly">Whether the device refuses to be written to.</param>
    /// <param name="directIo">Whether it goes past the page cache of the file; ignored where the file can't.</param>
    /// <param name="name">A name that is kept with the device, see <see cref="Name"/>; its last 63 bytes are.</param>
    /// <exception cref="LinuxException">The file can't be opened, or there is no device.</exception>
    public static LoopDevice Attach(string file, bool readOnly, bool directIo, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        using SafeFileHandle backing =
            Open.Path(file, readOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR);
        using SafeFileHandle control = Open.Path("/dev/loop-control", OpenFlags.O_RDWR);
        for (int attempt = 1; ; attempt++)
        {
            int number = ioctl(control, LOOP_CTL_GET_FREE, null);
            if (number < 0)
            {
                throw LinuxException.Last("ioctl LOOP_CTL_GET_FREE", file);
            }

            string path = $"/dev/loop{number}";
            SafeFileHandle device = Open.Path(path, readOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR);
            int errno = Configure(device, backing, readOnly, directIo, name);
            if (errno == 0)
            {
                return new LoopDevice(path, device);
            }

            device.Dispose();
            if (errno != Errno.EBUSY || attempt == MaxAttempts)
            {
                throw new LinuxException("ioctl LOOP_CONFIGURE", file, errno);
            }
        }
    }

    /// <summary>Opens a device that exists.</summary>
    /// <param name="path">The device.</param>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static LoopDevice Existing(string path) => new(path, Open.Path(path, OpenFlags.O_RDONLY));

    /// <summary>The name that was given to the device; empty when it has no file behind it.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public string Name()
    {
        byte* info = stackalloc byte[InfoSize];
        if (!TryRead(info))
        {
            return "";
        }

        ReadOnlySpan<byte> name = new(info + NameOffset, NameSize);
        int end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    /// <summary>Whether the device is given back when nobody has it open any more.</summary>
    /// <param name="autoclear">Whether it is.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public void SetAutoclear(bool autoclear)
    {
        byte* info = stackalloc byte[InfoSize];
        if (!TryRead(info))
        {
            throw new LinuxException("ioctl LOOP_GET_STATUS64", Path, Errno.ENXIO);
        }

        Span<byte> flags = new(info + FlagsOffset, sizeof(uint));
        uint value = BinaryPrimitives.ReadUInt32LittleEndian(flags);
        BinaryPrimitives.WriteUInt32LittleEndian(
            flags, autoclear ? value | LO_FLAGS_AUTOCLEAR : value & ~LO_FLAGS_AUTOCLEAR);
        if (ioctl(_device, LOOP_SET_STATUS64, info) != 0)
        {
            throw LinuxException.Last("ioctl LOOP_SET_STATUS64", Path);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();

    /// <summary>The name as the kernel keeps it: its last 63 bytes.</summary>
    /// <param name="name">Any text.</param>
    public static string KeptName(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return Encoding.UTF8.GetString(bytes.AsSpan(Math.Max(0, bytes.Length - NameSize + 1)));
    }

    private static int Configure(
        SafeFileHandle device, SafeFileHandle backing, bool readOnly, bool directIo, string name)
    {
        // Invariant: the buffer has the size of the structure, and the name ends with a NUL within its 64 bytes.
        byte* config = stackalloc byte[ConfigSize];
        Span<byte> bytes = new(config, ConfigSize);
        bytes.Clear();
        bool held = false;
        backing.DangerousAddRef(ref held);
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)backing.DangerousGetHandle());
            uint flags = LO_FLAGS_AUTOCLEAR
                | (readOnly ? LO_FLAGS_READ_ONLY : 0)
                | (directIo ? LO_FLAGS_DIRECT_IO : 0);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(InfoOffset + FlagsOffset)..], flags);
            byte[] kept = Encoding.UTF8.GetBytes(name);
            kept.AsSpan(Math.Max(0, kept.Length - NameSize + 1)).CopyTo(bytes[(InfoOffset + NameOffset)..]);
            return ioctl(device, LOOP_CONFIGURE, config) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        finally
        {
            backing.DangerousRelease();
        }
    }

    private bool TryRead(byte* info)
    {
        if (ioctl(_device, LOOP_GET_STATUS64, info) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.ENXIO ? false : throw new LinuxException("ioctl LOOP_GET_STATUS64", Path, errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, byte* argument);
}
