using Gantry.Core.Errors;

namespace Gantry.Archive.Diff;

/// <summary>Writes layers out of directories: the opposite of <see cref="Apply.LayerApplier"/>.</summary>
public static class LayerDiffer
{
    /// <summary>Writes, as an uncompressed tar, what makes one tree another.</summary>
    /// <param name="lowerDirectory">The tree before; null: an empty one.</param>
    /// <param name="upperDirectory">The tree now.</param>
    /// <param name="tar">Gets the archive, with its end; it stays the caller's.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>How many entries there are.</returns>
    /// <exception cref="GantryException">Aborted: a file changed while it was read.</exception>
    public static Task<long> WriteChangesAsync(
        string? lowerDirectory,
        string upperDirectory,
        Stream tar,
        TarDiffOptions options,
        CancellationToken cancellationToken) =>
        throw new GantryException(ErrorKind.NotImplemented, "diff");

    /// <summary>Writes, as an uncompressed tar, what an overlay has changed, without a mount.</summary>
    /// <param name="upper">The overlay's directories.</param>
    /// <param name="tar">Gets the archive, with its end; it stays the caller's.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// How many entries there are; null, and nothing written, when only the kernel can read this overlay: one with
    /// redirected directories or files of which only the metadata was copied.
    /// </returns>
    /// <exception cref="GantryException">Aborted: a file changed while it was read.</exception>
    public static Task<long?> TryWriteUpperAsync(
        OverlayUpper upper,
        Stream tar,
        TarDiffOptions options,
        CancellationToken cancellationToken) =>
        throw new GantryException(ErrorKind.NotImplemented, "diff");
}
