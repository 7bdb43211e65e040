namespace Gantry.Archive.Tar;

/// <summary>What an entry of an archive is; the value is the type flag of its header (POSIX ustar, GNU).</summary>
public enum TarEntryType
{
    /// <summary>A regular file: flags <c>0</c>, NUL, <c>7</c> and GNU's <c>S</c>.</summary>
    Regular = '0',

    /// <summary>Another name of an earlier entry.</summary>
    HardLink = '1',

    /// <summary>A symbolic link.</summary>
    SymbolicLink = '2',

    /// <summary>A character device.</summary>
    CharacterDevice = '3',

    /// <summary>A block device.</summary>
    BlockDevice = '4',

    /// <summary>A directory.</summary>
    Directory = '5',

    /// <summary>A FIFO.</summary>
    Fifo = '6',

    /// <summary>
    /// PAX records for the rest of the archive. Go's reader, by which images are made and read, hands them out and
    /// applies them to nothing; so does this one.
    /// </summary>
    GlobalHeader = 'g',
}
