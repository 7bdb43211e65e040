using System.Text;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Logging;

/// <summary>Standard input, output and error, without what System.Console brings with it.</summary>
internal static class StandardStreams
{
    private static readonly SafeFileHandle Output = new(1, ownsHandle: false);
    private static readonly SafeFileHandle Error = new(2, ownsHandle: false);

    public static void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int written = Descriptors.Write(Output, bytes);
            if (written <= 0)
            {
                return;
            }

            bytes = bytes[written..];
        }
    }

    public static void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    public static void WriteError(string text) => _ = Descriptors.Write(Error, Encoding.UTF8.GetBytes(text));

    /// <summary>All of standard input, if it is not a terminal.</summary>
    /// <param name="limit">How many bytes are taken at most.</param>
    /// <exception cref="ShimUsageException">There are more.</exception>
    public static byte[] ReadInput(int limit)
    {
        using SafeFileHandle input = new(0, ownsHandle: false);
        if (Terminal.Is(input))
        {
            return [];
        }

        using MemoryStream all = new();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = Descriptors.Read(input, buffer)) > 0)
        {
            all.Write(buffer, 0, count);
            if (all.Length > limit)
            {
                throw new ShimUsageException($"standard input: more than {limit} bytes");
            }
        }

        return all.ToArray();
    }
}
