namespace Gantry.Transfer.Unpack;

/// <summary>What came of unpacking a layer.</summary>
internal enum UnpackOutcome
{
    /// <summary>It was applied here.</summary>
    Applied,

    /// <summary>The snapshotter had its chain by then.</summary>
    WasThere,

    /// <summary>It can't be applied before those below it are there; nothing was made.</summary>
    NeedsParent,
}
