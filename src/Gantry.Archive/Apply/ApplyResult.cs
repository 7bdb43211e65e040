using Gantry.Oci.Image;

namespace Gantry.Archive.Apply;

/// <summary>What was applied.</summary>
/// <param name="DiffId">The digest of the unpacked bytes, all of them.</param>
/// <param name="Size">How many there are.</param>
/// <param name="Entries">Entries of the archive.</param>
/// <param name="IgnoredXattrs">
/// Extended attributes that were not set: trusted ones, which are the host's, and those that the filesystem or the kind
/// of file does not have.
/// </param>
public sealed record ApplyResult(Digest DiffId, long Size, long Entries, long IgnoredXattrs);
