using Gantry.Linux.Syscalls;

namespace Gantry.Storage.Events;

/// <summary>Says in which run of the machine a directory was last used: a file with the kernel's id of that run.</summary>
internal sealed class BootMark
{
    private const string FileName = "boot";
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    private readonly string _directory;
    private readonly string _path;
    private readonly string _now = File.ReadAllText(BootIdPath);

    /// <summary>Reads the mark of a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public BootMark(string directory)
    {
        _directory = directory;
        _path = Path.Combine(directory, FileName);
        IsThere = File.Exists(_path);
        IsOfThisRun = IsThere && File.ReadAllText(_path) == _now;
    }

    /// <summary>Whether there is one.</summary>
    public bool IsThere { get; }

    /// <summary>Whether it is of this run of the machine.</summary>
    public bool IsOfThisRun { get; }

    /// <summary>Marks the directory with this run, durably.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write()
    {
        string temporary = _path + ".new";
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(_now));
            FileSync.Fdatasync(file.SafeFileHandle);
        }

        File.Move(temporary, _path, overwrite: true);
        FileSync.FsyncDirectory(_directory);
    }
}
