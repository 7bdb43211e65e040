using Gantry.Linux.Syscalls;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// The file of the write-ahead log, <c>-wal</c> beside the database. It is filled with zeros up to the size that it has
/// at most in daily use: a commit then overwrites blocks that the file has, and its sync need not wait for the filesystem
/// to find and record new ones. SQLite takes zeros for the end of the log.
/// </summary>
internal static class LogFile
{
    private const int Size = 4608 * 1024;
    private const int ChunkSize = 512 * 1024;

    /// <summary>Fills the file, which exists, before anything else is written to it.</summary>
    /// <param name="databasePath">The path of the database.</param>
    public static void Fill(string databasePath)
    {
        using FileStream file = new(
            databasePath + "-wal",
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
        long length = file.Length;
        byte[] zeros = new byte[ChunkSize];
        try
        {
            for (long at = length; at < Size; at += ChunkSize)
            {
                RandomAccess.Write(file.SafeFileHandle, zeros.AsSpan(0, (int)Math.Min(ChunkSize, Size - at)), at);
            }

            FileSync.Fsync(file.SafeFileHandle);
        }
        catch (IOException)
        {
            // The disk is full or fails: whoever writes a record is told. The log is as it was, and grows as it must.
            file.SetLength(length);
        }
    }
}
