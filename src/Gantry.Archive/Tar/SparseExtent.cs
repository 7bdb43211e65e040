namespace Gantry.Archive.Tar;

/// <summary>A run of data in a sparse file.</summary>
/// <param name="Offset">Where in the file it goes.</param>
/// <param name="Length">Its bytes; may be 0.</param>
internal readonly record struct SparseExtent(long Offset, long Length);
