using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;

namespace Gantry.Storage.Sqlite;

/// <summary>Copies a database while it is in use. The writer is not held up: the copy reads one moment of the log.</summary>
internal static class DatabaseBackup
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Copies the database into a new file, which is whole and durable once it has its name.</summary>
    /// <returns>The size of the copy.</returns>
    public static long Write(string database, string path)
    {
        if (!Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"backup \"{path}\": no absolute path of a file");
        }

        string? directory = Path.GetDirectoryName(path);
        if (directory is null || !Directory.Exists(directory))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"backup {path}: no such directory");
        }

        if (Path.Exists(path))
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"backup {path}");
        }

        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            // It may hold what clients keep secret in specs and labels. SQLite fills an empty file.
            new FileStream(
                temporary,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = OwnerOnly,
                }).Dispose();
            using (Connection connection = Connection.OpenForBackup(database))
            using (Statement vacuum = connection.Use("VACUUM INTO ?"))
            {
                vacuum.Bind(temporary).Run();
            }

            using (Microsoft.Win32.SafeHandles.SafeFileHandle file = Open.Path(temporary, OpenFlags.O_RDONLY))
            {
                FileSync.Fsync(file);
            }

            long size = new FileInfo(temporary).Length;
            Rename(temporary, path);
            FileSync.FsyncDirectory(directory);
            return size;
        }
        catch (Microsoft.Data.Sqlite.SqliteException e)
        {
            File.Delete(temporary);
            throw SqliteErrors.Translate(e);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void Rename(string from, string to)
    {
        try
        {
            Link.Rename(from, to, RenameFlags.NoReplace);
        }
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"backup {to}", e);
        }
    }
}
