using Gantry.Linux.Syscalls;

namespace Gantry.Testing;

/// <summary>A directory of a test's own, removed with the object.</summary>
public sealed class TempDirectory : IDisposable
{
    /// <summary>Makes a directory with a short path: Unix sockets allow no long ones.</summary>
    public TempDirectory()
    {
        Path = Directory.CreateTempSubdirectory("gt-").FullName;
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>A path in it.</summary>
    /// <param name="name">The name below it.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Not Directory.Delete, which can't remove names that are no UTF-8.
        DirectoryTree.Remove(Path);
    }
}
