using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

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
    /// <exception cref="GantryException">
    /// Aborted: a file changed while it was read; FailedPrecondition: there is a name that layers can't hold.
    /// </exception>
    public static async Task<long> WriteChangesAsync(
        string? lowerDirectory,
        string upperDirectory,
        Stream tar,
        TarDiffOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using SafeFileHandle root = Open.Directory(upperDirectory);
        TarWriter writer = new(tar);
        ChangeWriter changes = new(root, writer, options);
        await new TreeWalk(changes).RunAsync(
            lowerDirectory is null ? null : Open.Directory(lowerDirectory),
            Open.Directory(upperDirectory),
            cancellationToken);
        await writer.FinishAsync(cancellationToken);
        return writer.Entries;
    }

    /// <summary>Writes, as an uncompressed tar, what an overlay has changed, without a mount.</summary>
    /// <param name="upper">The overlay's directories.</param>
    /// <param name="tar">Gets the archive, with its end; it stays the caller's.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// How many entries there are; null, and nothing written, when only the kernel can read this overlay: one with
    /// redirected directories or files of which only the metadata was copied.
    /// </returns>
    /// <exception cref="GantryException">
    /// Aborted: a file changed while it was read; FailedPrecondition: there is a name that layers can't hold.
    /// </exception>
    public static async Task<long?> TryWriteUpperAsync(
        OverlayUpper upper,
        Stream tar,
        TarDiffOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upper);
        ArgumentNullException.ThrowIfNull(options);
        if (!UpperWalk.IsReadable(upper, cancellationToken))
        {
            return null;
        }

        using SafeFileHandle root = Open.Directory(upper.UpperDirectory);
        TarWriter writer = new(tar);
        await UpperWalk.RunAsync(upper, new ChangeWriter(root, writer, options), cancellationToken);
        await writer.FinishAsync(cancellationToken);
        return writer.Entries;
    }
}
