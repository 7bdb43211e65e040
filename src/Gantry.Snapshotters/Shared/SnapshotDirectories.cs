using System.Globalization;
using Gantry.Linux.Syscalls;
using Microsoft.Extensions.Logging;

namespace Gantry.Snapshotters.Shared;

/// <summary>
/// The directory <c>snapshots</c> of a driver, with one directory for each snapshot, named by its id. A directory comes
/// to be under the name <c>.new-ID</c> and gets its own when it is whole; it goes under the name <c>.rm-ID-…</c>.
/// </summary>
internal sealed class SnapshotDirectories : IAsyncDisposable
{
    private const string NewPrefix = ".new-";

    private readonly RemovalWorker _removals;

    /// <summary>Opens the directory, making it if need be.</summary>
    public SnapshotDirectories(string root, ILogger logger)
    {
        Path = System.IO.Path.Combine(root, "snapshots");
        if (!Directory.Exists(Path))
        {
            Directory.CreateDirectory(Path);
            FileSync.FsyncDirectory(root);
        }

        _removals = new RemovalWorker(Path, logger, DirectoryTree.Remove);
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>The directory of a snapshot.</summary>
    public string Of(long id) => System.IO.Path.Combine(Path, Name(id));

    /// <summary>Makes the directory of a snapshot; when it fails, nothing is left.</summary>
    /// <param name="id">The id.</param>
    /// <param name="fill">Fills the directory whose path it is given.</param>
    public void Create(long id, Action<string> fill)
    {
        string made = System.IO.Path.Combine(Path, NewPrefix + Name(id));
        try
        {
            DirectoryTree.Remove(made);
            Directory.CreateDirectory(made);
            fill(made);
            Link.Rename(made, Of(id), RenameFlags.NoReplace);
        }
        catch
        {
            _removals.SetAside(made);
            throw;
        }
    }

    /// <summary>Sets the directory of a snapshot aside; the worker removes it.</summary>
    public void Remove(long id) => _removals.SetAside(Of(id));

    /// <summary>Removes what was set aside, and directories of ids that are not known; returns when it is done.</summary>
    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken)
    {
        if (known is not null)
        {
            foreach (string name in Directory.EnumerateDirectories(Path).Select(path => System.IO.Path.GetFileName(path)))
            {
                string number = name.StartsWith(NewPrefix, StringComparison.Ordinal) ? name[NewPrefix.Length..] : name;
                if (TryParse(number, out long id) && !known.Contains(id))
                {
                    _removals.SetAside(System.IO.Path.Combine(Path, name));
                }
            }
        }

        return _removals.DrainAsync(cancellationToken);
    }

    /// <summary>The greatest id that has a directory; 0 when there is none.</summary>
    public long GreatestId()
    {
        long greatest = 0;
        foreach (string path in Directory.EnumerateDirectories(Path))
        {
            string name = System.IO.Path.GetFileName(path);
            string number = name.StartsWith(NewPrefix, StringComparison.Ordinal) ? name[NewPrefix.Length..] : name;
            if (TryParse(number, out long id))
            {
                greatest = Math.Max(greatest, id);
            }
        }

        return greatest;
    }

    /// <summary>The ids that have a whole directory.</summary>
    public IReadOnlySet<long> ListIds()
    {
        HashSet<long> ids = [];
        foreach (string path in Directory.EnumerateDirectories(Path))
        {
            if (TryParse(System.IO.Path.GetFileName(path), out long id))
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _removals.DisposeAsync();

    private static string Name(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static bool TryParse(string name, out long id) =>
        long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id);
}
