namespace Gantry.Server.Hosting;

/// <summary>The directories that a start of the daemon has made, which a start that fails takes away again.</summary>
internal sealed class MadeDirectories
{
    private readonly Stack<string> _made = [];

    /// <summary>Makes a directory, and those above it.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">The mode of each that is made.</param>
    public void Make(string path, UnixFileMode mode)
    {
        Stack<string> missing = new();
        for (string? at = Path.GetFullPath(path); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
        {
            missing.Push(at);
        }

        while (missing.TryPop(out string? next))
        {
            Directory.CreateDirectory(next, mode);
            _made.Push(next);
        }
    }

    /// <summary>Takes away those that are empty again.</summary>
    public void Undo()
    {
        while (_made.TryPop(out string? directory))
        {
            if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
            {
                Directory.Delete(directory);
            }
        }
    }
}
