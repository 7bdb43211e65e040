using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client.Transfers;
using Gantry.Distribution;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;

namespace Gantry.Cli.Images;

/// <summary>Has the daemon pull, which spares all bytes the way through this process.</summary>
/// <param name="request">What is wanted.</param>
/// <param name="reference">The image.</param>
/// <param name="progress">Is told how it goes.</param>
internal sealed class DaemonPull(ImageRequest request, Reference reference, IProgress<PullProgress> progress)
{
    /// <summary>What HTTP clients take from the environment: the daemon has another one.</summary>
    private static readonly string[] OwnEnvironment =
        ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>Where systems keep the authorities that are trusted anyway; the environment often says so once more.</summary>
    private static readonly string[] SystemAuthorities =
        ["/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

    /// <summary>Whether the daemon can be told all that was asked for.</summary>
    /// <param name="options">How the registry is to be reached.</param>
    public static bool CanDo(RegistryOptions options) =>
        !options.SkipVerify
        && options.CaFiles.Count == 0
        && !OwnEnvironment.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            && !SystemAuthorities.Contains(value, StringComparer.Ordinal));

    /// <summary>Pulls.</summary>
    /// <exception cref="Core.Errors.GantryException">NotImplemented: this daemon doesn't; nothing was done.</exception>
    public async Task PullAsync(Session session)
    {
        ICredentialSource? who = request.Access.User is null && !File.Exists(DockerConfig.DefaultPath)
            ? null
            : (await request.Access.ForAsync(reference.Host, session.Token)).Credentials;
        RegistryPull pull = new(reference.ToString())
        {
            PlainHttp = request.Access.Options.PlainHttp,
            HostsDirectories = [.. request.Access.Options.HostsDirectories.Select(Path.GetFullPath)],
            Platform = request.Target,
            AllPlatforms = request.AllPlatforms,
            Snapshotter = request.Snapshotter,
            Credentials = who is null
                ? null
                : async (host, challenges, token) =>
                    Of(await who.GetAsync(new CredentialRequest(host, "", challenges), token)),
        };
        await session.Scope.Transfers.PullAsync(pull, Tell, session.Token);
    }

    private static TransferCredential? Of(RegistryCredential? credential) => credential switch
    {
        null => null,
        { Header.Length: > 0 } => TransferCredential.OfHeader(credential.Header),
        { RegistryToken.Length: > 0 } => TransferCredential.OfHeader("Bearer " + credential.RegistryToken),
        { IdentityToken.Length: > 0 } => TransferCredential.OfIdentityToken(credential.IdentityToken),
        _ => TransferCredential.OfUser(credential.Username, credential.Password),
    };

    private void Tell(TransferStep step)
    {
        if (PullWords.IsWarning(step.Event))
        {
            StandardStreams.Error.WriteLine(step.Event);
            return;
        }

        if (PullWords.Parse(step.Event) is { } known)
        {
            string name = step.Name.Length > 0 ? step.Name : reference.ToString();
            progress.Report(new PullProgress(name, step.Digest, step.Offset, step.Total, known));
        }
    }
}
