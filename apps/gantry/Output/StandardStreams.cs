using System.Runtime.InteropServices;
using System.Text;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Cli.Output;

/// <summary>
/// The standard streams, without the setting up of terminals that the console of the runtime does: the command line is
/// to start quickly, and terminals belong to the containers.
/// </summary>
internal static class StandardStreams
{
    public static readonly SafeFileHandle Stdin = new(0, ownsHandle: false);
    public static readonly SafeFileHandle Stdout = new(1, ownsHandle: false);
    public static readonly SafeFileHandle Stderr = new(2, ownsHandle: false);

    /// <summary>All three, by their numbers, for a program that is to have the same.</summary>
    public static readonly IReadOnlyDictionary<int, SafeHandle> All =
        new Dictionary<int, SafeHandle> { [0] = Stdin, [1] = Stdout, [2] = Stderr };

    private static readonly Lazy<TextWriter> LazyOut = new(() => Writer(Stdout, autoFlush: false));
    private static readonly Lazy<TextWriter> LazyError = new(() => Writer(Stderr, autoFlush: true));

    /// <summary>Standard output; written out by <see cref="Flush"/>, at the latest when the program ends.</summary>
    public static TextWriter Out => LazyOut.Value;

    /// <summary>Standard error.</summary>
    public static TextWriter Error => LazyError.Value;

    /// <summary>Whether standard error is a terminal, where progress can be shown.</summary>
    public static bool ErrorIsTerminal => Terminal.IsTerminal(Stderr);

    /// <summary>Tells why the command has failed.</summary>
    public static void Complain(string message)
    {
        Flush();
        Error.WriteLine($"gantry: {message}");
    }

    public static void Flush()
    {
        if (!LazyOut.IsValueCreated)
        {
            return;
        }

        try
        {
            LazyOut.Value.Flush();
        }
        catch (IOException)
        {
            // Whoever read it has gone away, and with him the one to tell.
        }
    }

    private static StreamWriter Writer(SafeFileHandle handle, bool autoFlush) => new(
        new DescriptorStream(handle),
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        bufferSize: 4096)
    {
        AutoFlush = autoFlush,
        NewLine = "\n",
    };
}
