namespace Gantry.Cli.Completion;

/// <summary>What kind of name a word is.</summary>
internal enum NameKind
{
    /// <summary>None that is known.</summary>
    None = 0,

    /// <summary>A container.</summary>
    Container,

    /// <summary>An image.</summary>
    Image,

    /// <summary>A container or an image.</summary>
    ContainerOrImage,

    /// <summary>A snapshot.</summary>
    Snapshot,

    /// <summary>A namespace.</summary>
    Namespace,

    /// <summary>A snapshotter.</summary>
    Snapshotter,

    /// <summary>A signal.</summary>
    Signal,

    /// <summary>A file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A program of this machine.</summary>
    Program,
}
