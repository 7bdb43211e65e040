namespace Gantry.Archive.Diff;

/// <summary>Finds the changes that an overlay has made by walking its upper directory alone.</summary>
internal static class UpperWalk
{
    /// <summary>True when the directories say all there is to know.</summary>
    internal static bool IsReadable(OverlayUpper overlay, CancellationToken cancellationToken)
    {
        Stack<OverlayLevel> levels = new();
        levels.Push(OverlayLevel.Open(overlay));
        try
        {
            while (levels.TryPeek(out OverlayLevel? level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!level.Names.TryNext(out byte[] name, out _, out _))
                {
                    levels.Pop().Dispose();
                    continue;
                }

                if (TreeFile.Find(level.Upper, name) is not { } file)
                {
                    continue;
                }

                if (level.NeedsKernel(file))
                {
                    return false;
                }

                if (file.Status.IsDirectory)
                {
                    levels.Push(level.Enter(file, TreeWalk.Join(level.Path, name, levels.Count)));
                }
            }

            return true;
        }
        finally
        {
            Close(levels);
        }
    }

    /// <summary>Walks, and tells of the changes. Attributes of the root itself are not compared.</summary>
    internal static async Task RunAsync(
        OverlayUpper overlay,
        ChangeWriter writer,
        CancellationToken cancellationToken)
    {
        // Only what the overlay has copied up is looked at, so bytes can be compared whatever the times say.
        FileComparer comparer = new(trustTimes: false);
        Stack<OverlayLevel> levels = new();
        levels.Push(OverlayLevel.Open(overlay));
        try
        {
            while (levels.TryPeek(out OverlayLevel? level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!level.Names.TryNext(out byte[] name, out _, out bool isUpper))
                {
                    levels.Pop().Dispose();
                    continue;
                }

                byte[] path = TreeWalk.Join(level.Path, name, levels.Count);
                TreeFile? before = level.FindLower(name);
                TreeFile? now = isUpper ? TreeFile.Find(level.Upper, name) : null;
                if (now is not { } file || file.Status.IsWhiteout || file.IsSocket)
                {
                    await (before is null ? default : writer.DeleteAsync(path, cancellationToken));
                    continue;
                }

                // What was linked below is a file of its own now that it was copied.
                bool isSame = before is { MayBeLinked: false } other && comparer.AreEqual(other, file);
                await (isSame
                    ? writer.KeepAsync(file, path, cancellationToken)
                    : writer.WriteAsync(file, path, cancellationToken));
                if (file.Status.IsDirectory)
                {
                    levels.Push(level.Enter(file, path));
                }
            }
        }
        finally
        {
            Close(levels);
        }
    }

    private static void Close(Stack<OverlayLevel> levels)
    {
        foreach (OverlayLevel level in levels)
        {
            level.Dispose();
        }
    }
}
