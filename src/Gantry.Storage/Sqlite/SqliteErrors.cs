using Gantry.Core.Errors;
using Gantry.Linux.Mounts;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gantry.Storage.Sqlite;

/// <summary>What errors of SQLite mean to clients.</summary>
internal static class SqliteErrors
{
    /// <summary>Less than this is as good as nothing for a database.</summary>
    private const long LittleSpace = 64 * 1024;

    /// <summary>
    /// The error of a call. SQLite tells a full or a read-only disk by codes of their own only where it writes; where it
    /// syncs or maps it tells an I/O error, and the filesystem has to be asked.
    /// </summary>
    public static SqliteException Of(sqlite3 database, int result, string sql)
    {
        int code = result & 0xff;
        if (code is raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN)
        {
            code = Explain(raw.sqlite3_db_filename(database, "main").utf8_to_string()) ?? code;
        }

        return new SqliteException(
            $"{raw.sqlite3_errmsg(database).utf8_to_string()}: {sql}",
            code,
            raw.sqlite3_extended_errcode(database));
    }

    /// <summary>The error for a client; one that is not SQLite's stays what it is.</summary>
    public static Exception Translate(Exception error) => error switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_FULL } =>
            new GantryException(ErrorKind.ResourceExhausted, $"metadata: no space left on device: {error.Message}", error),
        SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } =>
            new GantryException(ErrorKind.DataLoss, $"metadata: {error.Message}", error),
        SqliteException { SqliteErrorCode: raw.SQLITE_READONLY } =>
            new GantryException(ErrorKind.FailedPrecondition, $"metadata: read-only file system: {error.Message}", error),
        SqliteException { SqliteErrorCode: raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN } =>
            new GantryException(ErrorKind.DataLoss, $"metadata: input/output error: {error.Message}", error),
        SqliteException => new GantryException(ErrorKind.Unknown, $"metadata: {error.Message}", error),
        _ => error,
    };

    /// <summary>What the filesystem of a file says to an error; null when it is fine as far as it knows.</summary>
    private static int? Explain(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return null;
        }

        MountInfo? mount = MountInfo.ReadAll()
            .Where(m => m.MountPoint == "/" || path.StartsWith(m.MountPoint + "/", StringComparison.Ordinal))
            .MaxBy(m => m.MountPoint.Length);
        return mount is null ? null
            : IsReadOnly(mount.Options) || IsReadOnly(mount.SuperOptions) ? raw.SQLITE_READONLY
            : new DriveInfo(mount.MountPoint).AvailableFreeSpace < LittleSpace ? raw.SQLITE_FULL
            : null;
    }

    private static bool IsReadOnly(string options) => options.Split(',').Any(option => option is "ro" or "emergency_ro");
}
