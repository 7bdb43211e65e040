using System.Text;
using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Tar;

/// <summary>One entry of an archive. Names are bytes, as in the archive: no encoding is assumed.</summary>
public sealed class TarEntry
{
    /// <summary>What it is.</summary>
    public required TarEntryType Type { get; init; }

    /// <summary>Its name, as the archive has it: not cleaned, perhaps hostile.</summary>
    public required byte[] Name { get; set; }

    /// <summary>What it links to; empty for what is no link.</summary>
    public byte[] LinkName { get; set; } = [];

    /// <summary>The size of the file when it is unpacked.</summary>
    public long Size { get; set; }

    /// <summary>Permissions with set-id and sticky bits.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner's number.</summary>
    public uint Uid { get; set; }

    /// <summary>The group's number.</summary>
    public uint Gid { get; set; }

    /// <summary>Of a device: the major number.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>Of a device: the minor number.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>Last change.</summary>
    public Timespec Modified { get; set; }

    /// <summary>Last access, where the archive says it.</summary>
    public Timespec? Accessed { get; set; }

    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<TarXattr> Xattrs { get; set; } = [];

    /// <summary>True when the file has holes: its length must be set after the last piece.</summary>
    public bool IsSparse { get; set; }

    /// <summary>The name as text, for people: bytes that are no UTF-8 are replaced.</summary>
    public string DisplayName => Encoding.UTF8.GetString(Name);
}
