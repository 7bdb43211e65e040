using System.Text;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;

namespace Gantry.Archive.Tests.Fuzz;

/// <summary>
/// What must hold for the tar reader whatever it is given: it ends, in one of two kinds of error if in any, data lies
/// within the file that it is of, and how the bytes were cut into chunks makes no difference.
/// </summary>
public static class TarReaderFuzz
{
    private static readonly TarLimits Limits = new()
    {
        MaxHeaders = 1000,
        MaxExtendedHeaderSize = 16 * 1024,
        MaxSparseExtents = 1000,
    };

    /// <summary>The entry of a fuzzer.</summary>
    public static void Fuzz(ReadOnlySpan<byte> data)
    {
        string whole = Read(new MemoryStream(data.ToArray()));
        string pieces = Read(new DribblingStream(data.ToArray(), 137));
        if (whole != pieces)
        {
            throw new InvalidOperationException($"two readings differ:\n{whole}\n{pieces}");
        }
    }

    private static string Read(Stream stream)
    {
        StringBuilder log = new();
        TarReader reader = new(stream, Limits);
        try
        {
            while (Finish(reader.ReadEntryAsync(CancellationToken.None)) is { } entry)
            {
                log.Append($"{entry.Type} {Convert.ToHexString(entry.Name)} {entry.Size} {entry.Xattrs.Count};");
                ReadData(reader, entry, log);
            }
        }
        catch (GantryException exception)
            when (exception.Kind is ErrorKind.InvalidArgument or ErrorKind.NotImplemented)
        {
            log.Append(exception.Message);
        }

        return log.ToString();
    }

    private static void ReadData(TarReader reader, TarEntry entry, StringBuilder log)
    {
        long position = 0;
        uint sum = 0;
        while (Finish(reader.ReadDataAsync(CancellationToken.None)) is { Bytes.IsEmpty: false } piece)
        {
            if (piece.Offset < position || piece.Offset + piece.Bytes.Length > entry.Size)
            {
                throw new InvalidOperationException($"data at {piece.Offset} of a file of {entry.Size} bytes");
            }

            position = piece.Offset + piece.Bytes.Length;
            foreach (byte value in piece.Bytes.Span)
            {
                sum = (sum * 31) + value;
            }
        }

        log.Append($"{position} {sum}\n");
    }

    private static T Finish<T>(ValueTask<T> task)
    {
        if (!task.IsCompleted)
        {
            throw new InvalidOperationException("a stream in memory never makes its reader wait");
        }

#pragma warning disable VSTHRD002 // It has completed.
        return task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }
}
