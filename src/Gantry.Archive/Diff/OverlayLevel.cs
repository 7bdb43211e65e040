using Gantry.Archive.Apply;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>
/// One directory of an overlay's upper tree, with the directories below that show through at the same place (kernel
/// documentation, overlayfs.rst).
/// </summary>
internal sealed class OverlayLevel : IDisposable
{
    private readonly OverlayNames _names;
    private readonly List<SafeFileHandle> _lower;
    private readonly bool _isOpaque;

    private OverlayLevel(
        SafeFileHandle upper,
        List<SafeFileHandle> lower,
        byte[] path,
        bool isOpaque,
        OverlayNames names)
    {
        Upper = upper;
        Path = path;
        _lower = lower;
        _isOpaque = isOpaque;
        _names = names;

        // Where the directory hides what is below, the names that it does not have are gone.
        Names = new NamePairs(isOpaque ? LowerNames() : [], SortedNames.Of(upper));
    }

    /// <summary>The directory.</summary>
    internal SafeFileHandle Upper { get; }

    /// <summary>Where it is.</summary>
    internal byte[] Path { get; }

    /// <summary>The names in it that are still to be looked at.</summary>
    internal NamePairs Names { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Upper.Dispose();
        _lower.ForEach(lower => lower.Dispose());
    }

    internal static OverlayLevel Open(OverlayUpper overlay)
    {
        SafeFileHandle upper = Linux.Syscalls.Open.Directory(overlay.UpperDirectory);
        List<SafeFileHandle> lower = [];
        try
        {
            foreach (string directory in overlay.LowerDirectories)
            {
                lower.Add(Linux.Syscalls.Open.Directory(directory));
            }

            return new OverlayLevel(upper, lower, [], isOpaque: false, new OverlayNames(overlay.UserXattr));
        }
        catch
        {
            upper.Dispose();
            lower.ForEach(opened => opened.Dispose());
            throw;
        }
    }

    /// <summary>The file of the layers below that has a name in this directory.</summary>
    internal TreeFile? FindLower(byte[] name) => FindBelow(name).FirstOrDefault() is { Directory: not null } file
        ? file
        : null;

    /// <summary>A directory of the upper tree in this one.</summary>
    internal OverlayLevel Enter(in TreeFile directory, byte[] path)
    {
        SafeFileHandle upper = TreeLevel.Open(directory);
        List<SafeFileHandle> lower = [];
        try
        {
            foreach (TreeFile below in FindBelow(directory.Name).Where(file => file.Status.IsDirectory))
            {
                lower.Add(TreeLevel.Open(below));
            }

            return new OverlayLevel(upper, lower, path, _isOpaque || _names.IsOpaque(directory), _names);
        }
        catch
        {
            upper.Dispose();
            lower.ForEach(opened => opened.Dispose());
            throw;
        }
    }

    /// <summary>
    /// True when a name in this directory can't be read without the kernel: its file, or one below, is redirected, has
    /// its bytes elsewhere, or is deleted by an attribute.
    /// </summary>
    internal bool NeedsKernel(in TreeFile file) =>
        _names.NeedsKernel(file) || FindBelow(file.Name).Any(below => _names.NeedsKernel(below));

    /// <summary>What the layers below have under a name, the nearest first, as far as it is merged.</summary>
    private List<TreeFile> FindBelow(byte[] name)
    {
        List<TreeFile> found = [];
        foreach (SafeFileHandle lower in _lower)
        {
            if (TreeFile.Find(lower, name) is not { } file)
            {
                continue;
            }

            // A whiteout, or a file below a directory, ends the search.
            if (file.Status.IsWhiteout || (found.Count > 0 && !file.Status.IsDirectory))
            {
                break;
            }

            found.Add(file);
            if (!file.Status.IsDirectory || _names.IsOpaque(file))
            {
                break;
            }
        }

        return found;
    }

    private IReadOnlyList<byte[]> LowerNames()
    {
        Dictionary<byte[], bool> isThere = new(BytesComparer.Instance);
        foreach (SafeFileHandle lower in _lower)
        {
            foreach (DirectoryEntry entry in DirectoryTree.List(lower))
            {
                isThere.TryAdd(entry.Name, TreeFile.Find(lower, entry.Name) is { Status.IsWhiteout: false });
            }
        }

        return SortedNames.Sort(isThere.Where(name => name.Value).Select(name => name.Key));
    }
}
