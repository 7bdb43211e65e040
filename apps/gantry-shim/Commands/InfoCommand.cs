using Gantry.Api.Types;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Gantry.Shim.Executor;
using Gantry.Shim.Logging;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Shim.Commands;

/// <summary>
/// Tells the daemon what this shim is and what its OCI runtime can do: a RuntimeInfo on standard output. The options of the
/// runtime may come on standard input, as an Any.
/// </summary>
internal static class InfoCommand
{
    private const int InputLimit = 1 << 20;
    private const int FeaturesLimit = 1 << 20;
    private const string FeaturesType = "types.containerd.io/opencontainers/runtime-spec/1/features/Features";

    public static async Task<int> RunAsync()
    {
        byte[] input = StandardStreams.ReadInput(InputLimit);
        Any? options = input.Length == 0 ? null : Parse(input);
        RuntimeOptions runtime = RuntimeOptions.From(options);
        string[] version = VersionCommand.Version.Split('+', 2);
        RuntimeInfo info = new()
        {
            Name = "io.containerd.gantry.v1",
            Version = new RuntimeVersion { Version = version[0], Revision = version.Length > 1 ? version[1] : "" },
            Options = options,
        };
        if (OciRuntime.FindBinary(runtime.BinaryName) is { } binary
            && await FeaturesAsync(binary) is { Length: > 0 } features)
        {
            info.Features = new Any { TypeUrl = FeaturesType, Value = ByteString.CopyFrom(features) };
        }

        StandardStreams.Write(info.ToByteArray());
        return 0;
    }

    private static Any Parse(byte[] input)
    {
        try
        {
            return Any.Parser.ParseFrom(input);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ShimUsageException($"standard input: not an Any: {e.Message}");
        }
    }

    /// <summary>What the runtime's command <c>features</c> prints; nothing if it has no such command.</summary>
    private static async Task<byte[]> FeaturesAsync(string binary)
    {
        (Microsoft.Win32.SafeHandles.SafeFileHandle reader, Microsoft.Win32.SafeHandles.SafeFileHandle writer) =
            Descriptors.CreatePipe();
        using FileStream output = new(reader, FileAccess.Read, 0);
        SpawnedProcess process;
        using (writer)
        {
            process = Spawn.Start(new SpawnRequest
            {
                Program = binary,
                Arguments = ["features"],
                Descriptors = new Dictionary<int, System.Runtime.InteropServices.SafeHandle> { [1] = writer },
            });
        }

        using MemoryStream all = new();
        byte[] buffer = new byte[4096];
        int count;
        while (all.Length < FeaturesLimit && (count = await output.ReadAsync(buffer)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        ChildExit exit = await process.Exit;
        return exit.Code == 0 ? all.ToArray() : [];
    }
}
