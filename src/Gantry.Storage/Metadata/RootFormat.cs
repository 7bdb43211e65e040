using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <summary>
/// The format of a root directory: a number in a file that says which program may work there. It is looked at before anything is
/// touched, so that a daemon does no harm to what a newer one has left.
/// </summary>
public static class RootFormat
{
    private const string FileName = "gantry.format";
    private const int MaxLength = 16;

    /// <summary>The format that this program works with.</summary>
    public static int Current => Migrations.Current;

    /// <summary>Looks whether this program may work on a root. Nothing is changed.</summary>
    /// <param name="root">The root directory, which may be missing.</param>
    /// <exception cref="GantryException">FailedPrecondition: a newer program has worked there.</exception>
    public static void Check(string root)
    {
        int format = Read(Path.Combine(root, FileName));
        if (format > Current)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"root {root} was written by a newer gantry: it has format {format}, and this program knows {Current} at most");
        }
    }

    /// <summary>Notes the format of a root, before anything of this format is written there.</summary>
    /// <param name="root">The root directory.</param>
    public static void Mark(string root)
    {
        string path = Path.Combine(root, FileName);
        if (Read(path) == Current)
        {
            return;
        }

        string temporary = path + ".tmp";
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Current}\n"));
            file.Flush();
            FileSync.Fsync(file.SafeFileHandle);
        }

        File.Move(temporary, path, overwrite: true);
        FileSync.FsyncDirectory(root);
    }

    private static int Read(string path)
    {
        FileInfo file = new(path);
        return file.Exists && file.Length <= MaxLength
            && int.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int format)
            ? format
            : 0;
    }
}
