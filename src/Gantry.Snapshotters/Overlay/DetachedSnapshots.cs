using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Shared;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Overlay;

/// <summary>
/// Snapshots that have no parent yet (<see cref="Core.Labels.WellKnownLabels.Detached"/>): each has a file
/// <c>snapshots/ID/detached</c> for the <see cref="DetachedNote"/> of its layer, until it is committed. Nobody can mount
/// them, so that the applier of the layer is the only one who writes to them: what was written when one of them is
/// committed is synced for all of them at once.
/// </summary>
internal sealed class DetachedSnapshots(SnapshotDirectories directories, AttachLayer attach, bool userXattr)
{
    private const string NoteName = "detached";

    private readonly Lock _gate = new();

    /// <summary>
    /// Of each detached snapshot that this process has made, the token of the note that was there when a sync of the
    /// filesystem began that has ended well; empty until there is such a one.
    /// </summary>
    private readonly Dictionary<long, byte[]> _tokens = [];

    /// <summary>The file for the note of a snapshot.</summary>
    public string NoteOf(long id) => Path.Combine(directories.Of(id), NoteName);

    /// <summary>Makes the file in the directory of a new snapshot.</summary>
    public static void MakeNote(string directory) =>
        File.OpenHandle(Path.Combine(directory, NoteName), FileMode.CreateNew, FileAccess.Write).Dispose();

    /// <summary>Whether a snapshot is detached.</summary>
    public bool Has(long id) => File.Exists(NoteOf(id));

    /// <summary>Puts a snapshot on its parents, and has its files synced.</summary>
    /// <param name="id">The snapshot.</param>
    /// <param name="upper">Its files.</param>
    /// <param name="lower">Those of its parents, the nearest first.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: no layer was applied to it to its end, or there is nothing to put it on; NotImplemented: the
    /// layer has to be applied to a snapshot on its parent.
    /// </exception>
    public void Attach(long id, string upper, IReadOnlyList<string> lower)
    {
        string path = NoteOf(id);
        if (lower.Count == 0 || DetachedNote.Parse(File.ReadAllBytes(path)) is not { } note)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"snapshot {id} was prepared for a layer and a parent, and lacks one of them");
        }

        attach(upper, lower, note, userXattr);
        using (SafeFileHandle directory = Open.Directory(directories.Of(id)))
        {
            OverlayDriver.TakeAttributes(directory, "fs"u8, lower[0]);
        }

        if (note.Directories.Count > 0 || !IsSynced(id, note))
        {
            SyncAll(upper);
        }

        // A second attempt to commit it finds it whole.
        Forget(id);
        File.Delete(path);
    }

    /// <summary>Takes note of a new detached snapshot.</summary>
    public void Add(long id)
    {
        lock (_gate)
        {
            _tokens[id] = [];
        }
    }

    /// <summary>Forgets what is known of a snapshot.</summary>
    public void Forget(long id)
    {
        lock (_gate)
        {
            _tokens.Remove(id);
        }
    }

    private bool IsSynced(long id, DetachedNote note)
    {
        lock (_gate)
        {
            return _tokens.TryGetValue(id, out byte[]? token) && note.Token.Span.SequenceEqual(token);
        }
    }

    /// <summary>Syncs the filesystem, and with it every layer that is written whole when this begins.</summary>
    private void SyncAll(string upper)
    {
        long[] ids;
        lock (_gate)
        {
            ids = [.. _tokens.Keys];
        }

        List<(long Id, byte[] Token)> written = [];
        foreach (long id in ids)
        {
            if (TryReadToken(NoteOf(id)) is { } token)
            {
                written.Add((id, token));
            }
        }

        FileSync.Syncfs(upper);
        lock (_gate)
        {
            foreach ((long id, byte[] token) in written.Where(layer => _tokens.ContainsKey(layer.Id)))
            {
                _tokens[id] = token;
            }
        }
    }

    /// <summary>Null while the layer is being applied, and when the snapshot is gone.</summary>
    private static byte[]? TryReadToken(string path)
    {
        try
        {
            byte[] token = new byte[DetachedNote.TokenBytes];
            using SafeFileHandle file = File.OpenHandle(path);
            return RandomAccess.Read(file, token, 0) == token.Length ? token : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
