using System.Runtime.InteropServices;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Tests;

/// <summary>The published shim, and running it to its end.</summary>
internal static class ShimBinary
{
    public const string Name = "containerd-shim-gantry-v1";

    public static string FilePath => Needs.Published(Name);

    public static Task<(int Code, byte[] Output, string Error)> RunAsync(
        IReadOnlyList<string> arguments,
        string directory,
        byte[] input,
        IReadOnlyDictionary<string, string?> environment,
        CancellationToken cancellationToken) =>
        RunAsync(FilePath, arguments, directory, input, environment, cancellationToken);

    public static async Task<(int Code, byte[] Output, string Error)> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string directory,
        byte[] input,
        IReadOnlyDictionary<string, string?> environment,
        CancellationToken cancellationToken)
    {
        (SafeFileHandle inputReader, SafeFileHandle inputWriter) = Descriptors.CreatePipe();
        (SafeFileHandle outputReader, SafeFileHandle outputWriter) = Descriptors.CreatePipe();
        (SafeFileHandle errorReader, SafeFileHandle errorWriter) = Descriptors.CreatePipe();
        SpawnedProcess process;
        using (inputReader)
        using (outputWriter)
        using (errorWriter)
        {
            process = Spawn.Start(new SpawnRequest
            {
                Program = program,
                Arguments = arguments,
                WorkingDirectory = directory,
                Environment = Spawn.EnvironmentWith(environment),
                Descriptors = new Dictionary<int, SafeHandle>
                {
                    [0] = inputReader,
                    [1] = outputWriter,
                    [2] = errorWriter,
                },
            });
        }

        await using (FileStream stream = new(inputWriter, FileAccess.Write, 0))
        {
            await stream.WriteAsync(input, cancellationToken);
        }

        Task<byte[]> output = ReadAsync(outputReader, cancellationToken);
        Task<byte[]> error = ReadAsync(errorReader, cancellationToken);
        ChildExit exit = await process.Exit.WaitAsync(cancellationToken);
        return (exit.Code, await output, System.Text.Encoding.UTF8.GetString(await error));
    }

    private static async Task<byte[]> ReadAsync(SafeFileHandle handle, CancellationToken cancellationToken)
    {
        await using FileStream stream = new(handle, FileAccess.Read, 0);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, cancellationToken);
        return all.ToArray();
    }
}
