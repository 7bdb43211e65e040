using Gantry.Oci.Image;

namespace Gantry.Archive.Apply;

/// <summary>What was applied.</summary>
/// <param name="DiffId">The digest of the unpacked bytes, all of them.</param>
/// <param name="Size">How many there are.</param>
/// <param name="Entries">Entries of the archive.</param>
/// <param name="IgnoredXattrs">Extended attributes that the filesystem does not have, and that are missing now.</param>
public sealed record ApplyResult(Digest DiffId, long Size, long Entries, long IgnoredXattrs);
