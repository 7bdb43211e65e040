using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Server.Transfers;

/// <summary>
/// Programs that decide whether an image may be pulled: every executable of a directory is asked, and each must agree with
/// exit code 0. What it writes on its standard output is its reason. Called as containerd calls them:
/// <c>PROGRAM -name NAME -digest DIGEST -stdin-media-type application/vnd.oci.descriptor.v1+json</c>, the descriptor on its
/// standard input.
/// </summary>
/// <param name="options">Where they are.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where their judgements are told.</param>
internal sealed class ImageVerifiers(ImageVerifierOptions options, TimeProvider time, ILogger<ImageVerifiers> logger)
{
    private const string DescriptorType = "application/vnd.oci.descriptor.v1+json";
    private const int MaxReason = 16 * 1024;

    /// <summary>Asks them all, several at once.</summary>
    /// <param name="name">The name that the image is pulled under.</param>
    /// <param name="target">What it stands for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GantryException">
    /// Unknown: one of them does not agree, or gave no judgement in time; Unavailable: one can't be started.
    /// </exception>
    public async Task CheckAsync(string name, Descriptor target, CancellationToken cancellationToken)
    {
        string[] programs = Programs();
        if (programs.Length == 0)
        {
            return;
        }

        byte[] descriptor = Json(target);
        await Task.WhenAll(programs.Select(async program =>
        {
            (bool agrees, string reason) = await AskAsync(program, name, target, descriptor, cancellationToken);
            logger.Judged(Path.GetFileName(program), name, target.Digest.ToString(), agrees, reason);
            if (!agrees)
            {
                // containerd has no code for it either.
                throw new GantryException(
                    ErrorKind.Unknown,
                    $"image verifier bindir blocked pull of {name} with digest {target.Digest} for reason: "
                    + $"verifier {Path.GetFileName(program)} rejected image: {reason}");
            }
        }));
    }

    /// <summary>The programs that are asked.</summary>
    /// <exception cref="GantryException">FailedPrecondition: there are more than may be asked.</exception>
    private string[] Programs()
    {
        if (options.Directory.Length == 0 || !Directory.Exists(options.Directory))
        {
            return [];
        }

        string[] programs = [.. Directory.EnumerateFiles(options.Directory).Order(StringComparer.Ordinal)];
        return options.MaxVerifiers >= 0 && programs.Length > options.MaxVerifiers
            ? throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"image verifiers: {programs.Length} programs in {options.Directory}, at most {options.MaxVerifiers} are asked")
            : programs;
    }

    private async Task<(bool Agrees, string Reason)> AskAsync(
        string program, string name, Descriptor target, byte[] descriptor, CancellationToken cancellationToken)
    {
        (SafeFileHandle theirInput, SafeFileHandle ourInput) = Descriptors.CreatePipe();
        (SafeFileHandle ourOutput, SafeFileHandle theirOutput) = Descriptors.CreatePipe();
        await using FileStream input = new(ourInput, FileAccess.Write, bufferSize: 0);
        await using FileStream output = new(ourOutput, FileAccess.Read, bufferSize: 0);
        SpawnedProcess process;
        using (theirInput)
        using (theirOutput)
        {
            process = Start(program, name, target, theirInput, theirOutput);
        }

        using CancellationTokenSource limit = new(options.Timeout, time);
        using CancellationTokenSource ended =
            CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await using CancellationTokenRegistration kill = ended.Token.Register(() => Kill(process));
        Task writing = Task.Run(() => WriteAsync(input, descriptor), CancellationToken.None);
        string reason = await Task.Run(() => ReadAsync(output), CancellationToken.None);
        ChildExit exit = await process.Exit;
        await output.DisposeAsync();
        await writing;
        cancellationToken.ThrowIfCancellationRequested();
        return limit.IsCancellationRequested
            ? (false, $"no judgement within {options.Timeout.TotalSeconds:0.###} s")
            : (exit.Code == 0, reason);
    }

    private static SpawnedProcess Start(
        string program, string name, Descriptor target, SafeFileHandle input, SafeFileHandle output)
    {
        SpawnRequest request = new()
        {
            Program = program,
            Arguments =
            [
                "-name", name, "-digest", target.Digest.ToString(), "-stdin-media-type", DescriptorType,
            ],
            NewSession = true,
            Descriptors = new Dictionary<int, SafeHandle> { [0] = input, [1] = output },
        };
        try
        {
            return Spawn.Start(request);
        }
        catch (LinuxException e)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"image verifier {Path.GetFileName(program)}: {e.Message}", e);
        }
    }

    private static async Task WriteAsync(FileStream input, byte[] descriptor)
    {
        try
        {
            await using (input)
            {
                await input.WriteAsync(descriptor);
            }
        }
        catch (IOException)
        {
            // It decides without having read it.
        }
    }

    private static async Task<string> ReadAsync(FileStream output)
    {
        byte[] kept = new byte[MaxReason];
        int count = await output.ReadAtLeastAsync(kept, kept.Length, throwOnEndOfStream: false);

        // The rest is read and let go, so that the program does not wait.
        byte[] rest = new byte[4096];
        while (count == kept.Length && await output.ReadAsync(rest) > 0)
        {
        }

        return Encoding.UTF8.GetString(kept, 0, count).Trim();
    }

    // With what it has started in its session.
    private static void Kill(SpawnedProcess process)
    {
        try
        {
            Signals.SendToGroup(process.Pid, Signals.SIGKILL);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            // It has just ended.
        }
    }

    private static byte[] Json(Descriptor descriptor)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("mediaType", descriptor.MediaType);
            json.WriteString("digest", descriptor.Digest.ToString());
            json.WriteNumber("size", descriptor.Size);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
