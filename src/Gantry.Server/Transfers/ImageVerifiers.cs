using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;

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

    private static readonly Lazy<IoLoop> Loop = new(IoLoop.Start);

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
        SpawnRequest request = new()
        {
            Program = program,
            Arguments =
            [
                "-name", name, "-digest", target.Digest.ToString(), "-stdin-media-type", DescriptorType,
            ],
            NewSession = true,
        };
        try
        {
            ProgramResult result = await ProgramRun.RunAsync(
                request, descriptor, MaxReason, options.Timeout, time, Loop.Value, cancellationToken);
            return (result.Code == 0, Encoding.UTF8.GetString(result.Output).Trim());
        }
        catch (TimeoutException)
        {
            return (false, $"no judgement within {options.Timeout.TotalSeconds:0.###} s");
        }
        catch (LinuxException e)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"image verifier {Path.GetFileName(program)}: {e.Message}", e);
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
