using Gantry.Cli.Output;
using Gantry.Distribution;
using Gantry.Distribution.Auth;
using Gantry.Transfer.Pull;

namespace Gantry.Cli.Registries;

/// <summary>How to get at registries, and who to be there.</summary>
/// <param name="Options">What was asked for, but for who we are.</param>
/// <param name="User"><c>name</c> or <c>name:password</c>; null for what Docker's configuration knows.</param>
internal sealed record RegistryAccess(RegistryOptions Options, string? User)
{
    private string? _password;

    /// <summary>All that was asked for; a password that is missing is asked for now, once.</summary>
    /// <param name="host">The host that the user is meant for.</param>
    /// <param name="cancellationToken">Ends the wait for a password.</param>
    public async Task<RegistryOptions> ForAsync(string host, CancellationToken cancellationToken)
    {
        DockerCredentials kept = new(DockerConfig.DefaultPath);
        RegistryOptions options = Options with { Warned = Tell };
        if (User is null)
        {
            return options with { Credentials = kept };
        }

        int colon = User.IndexOf(':', StringComparison.Ordinal);
        RegistryCredential credential = colon < 0
            ? new RegistryCredential(User, _password ??= await PasswordPrompt.ReadAsync(cancellationToken))
            : new RegistryCredential(User[..colon], User[(colon + 1)..]);
        return options with
        {
            Credentials = new CredentialChain(new FixedCredential(credential with { Origin = "--user" }, host), kept),
        };
    }

    /// <summary>Does not tell the password.</summary>
    public override string ToString() => nameof(RegistryAccess);

    private static void Tell(RegistryWarning warning) =>
        StandardStreams.Error.WriteLine(PullWords.Warning(warning.Host, warning.Text));
}
