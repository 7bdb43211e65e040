using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;

namespace Gantry.Server.Proxies;

/// <summary>
/// What a remote snapshotter calls each snapshot: a directory of symbolic links, <c>ID</c> to its namespace and name there, written
/// before the call that makes it. A link that is set aside as <c>.rm-ID</c> is a removal that is still to be told.
/// </summary>
internal sealed class ProxyNames
{
    private const string AsidePrefix = ".rm-";
    private const string NewPrefix = ".new-";

    private readonly string _directory;

    /// <summary>Opens the directory, making it if need be.</summary>
    public ProxyNames(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
    }

    /// <summary>The name of a snapshot.</summary>
    /// <exception cref="GantryException">NotFound: the id has none.</exception>
    public RemoteSnapshot Of(long id) => new FileInfo(PathOf(id)).LinkTarget is { } target
        ? RemoteSnapshot.Parse(target)
        : throw new GantryException(ErrorKind.NotFound, $"snapshot {id} of the proxy in {_directory}");

    /// <summary>Gives a snapshot its name, or another one; when this returns, that outlives a power failure.</summary>
    public void Set(long id, RemoteSnapshot name)
    {
        string made = Path.Combine(_directory, NewPrefix + Text(id));
        File.Delete(made);
        File.CreateSymbolicLink(made, name.ToString());
        Link.Rename(made, PathOf(id));
        FileSync.FsyncDirectory(_directory);
    }

    /// <summary>Sets a name aside; an id without one is no error.</summary>
    public void SetAside(long id)
    {
        if (new FileInfo(PathOf(id)).LinkTarget is not null)
        {
            Link.Rename(PathOf(id), Path.Combine(_directory, AsidePrefix + Text(id)));
        }
    }

    /// <summary>Forgets a name that was set aside.</summary>
    public void Forget(long id) => File.Delete(Path.Combine(_directory, AsidePrefix + Text(id)));

    /// <summary>All that have a name.</summary>
    public IEnumerable<(long Id, RemoteSnapshot Snapshot)> All() => Read("");

    /// <summary>All that were set aside, the newest first: children before their parents.</summary>
    public IEnumerable<(long Id, RemoteSnapshot Snapshot)> Aside() => Read(AsidePrefix).OrderByDescending(link => link.Id);

    private IEnumerable<(long Id, RemoteSnapshot Snapshot)> Read(string prefix)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(_directory).EnumerateFileSystemInfos())
        {
            if (entry.Name.StartsWith(prefix, StringComparison.Ordinal)
                && long.TryParse(entry.Name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long id)
                && entry.LinkTarget is { } name)
            {
                yield return (id, RemoteSnapshot.Parse(name));
            }
        }
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private string PathOf(long id) => Path.Combine(_directory, Text(id));
}
