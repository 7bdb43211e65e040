namespace Gantry.Linux.Syscalls;

/// <summary>Flags of renameat2(2).</summary>
[Flags]
public enum RenameFlags : uint
{
    /// <summary>A file that has the new name is replaced.</summary>
    None = 0,

    /// <summary>RENAME_NOREPLACE: EEXIST when there is one.</summary>
    NoReplace = 1,

    /// <summary>RENAME_EXCHANGE: the two change places.</summary>
    Exchange = 2,

    /// <summary>RENAME_WHITEOUT: an overlay whiteout stays where the old name was.</summary>
    Whiteout = 4,
}
