using Gantry.Archive.Apply;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>Finds the changes between two trees by walking both in the order of their names.</summary>
/// <param name="writer">Is told of the changes.</param>
internal sealed class TreeWalk(ChangeWriter writer)
{
    private readonly FileComparer _comparer = new(trustTimes: true);
    private readonly LinkPairs _links = new();

    /// <summary>Walks. Attributes of the roots themselves are not compared: layers don't have them.</summary>
    /// <param name="lower">The directory before, or null; disposed at the end.</param>
    /// <param name="upper">The directory now; disposed at the end.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    internal async Task RunAsync(SafeFileHandle? lower, SafeFileHandle upper, CancellationToken cancellationToken)
    {
        Stack<TreeLevel> levels = new();
        levels.Push(new TreeLevel(lower, upper, []));
        try
        {
            while (levels.TryPeek(out TreeLevel? level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!level.Names.TryNext(out byte[] name, out bool isLower, out bool isUpper))
                {
                    levels.Pop().Dispose();
                    continue;
                }

                TreeFile? before = isLower ? TreeFile.Find(level.Lower!, name) : null;
                TreeFile? now = isUpper ? TreeFile.Find(level.Upper, name) : null;
                byte[] path = Join(level.Path, name, levels.Count);
                if (await TellAsync(before, now, path, cancellationToken))
                {
                    bool wasDirectory = before is { Status.IsDirectory: true };
                    levels.Push(new TreeLevel(
                        wasDirectory ? TreeLevel.Open(before!.Value) : null, TreeLevel.Open(now!.Value), path));
                }
            }
        }
        finally
        {
            foreach (TreeLevel level in levels)
            {
                level.Dispose();
            }
        }
    }

    /// <summary>A path and one name more, within what a layer can be applied with.</summary>
    internal static byte[] Join(byte[] directory, byte[] name, int depth)
    {
        byte[] path = LayerPath.Join(directory, name);
        TarLimits limits = TarLimits.Default;
        return path.Length < limits.MaxPathLength && depth <= limits.MaxPathDepth
            ? path
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"diff: a path has {path.Length} bytes and {depth} names, which is more than a layer can hold");
    }

    /// <summary>Tells of one name; true when it is a directory's that is there now.</summary>
    private async ValueTask<bool> TellAsync(
        TreeFile? before,
        TreeFile? now,
        byte[] path,
        CancellationToken cancellationToken)
    {
        if (now is not { } file || file.IsSocket)
        {
            if (before is not null)
            {
                await writer.DeleteAsync(path, cancellationToken);
            }

            return false;
        }

        bool isSame = before is { } other && _comparer.AreEqual(other, file) && _links.Match(other, file);
        await (isSame
            ? writer.KeepAsync(file, path, cancellationToken)
            : writer.WriteAsync(file, path, cancellationToken));
        return file.Status.IsDirectory;
    }
}
