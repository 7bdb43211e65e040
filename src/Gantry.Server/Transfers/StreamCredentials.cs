using Gantry.Api;
using Gantry.Api.Types.Transfer;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Server.Streams;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Server.Transfers;

/// <summary>Asks the client, over a stream of its, who it is at a registry.</summary>
/// <param name="stream">The client's stream.</param>
/// <param name="reference">The image that is transferred.</param>
internal sealed class StreamCredentials(ClientStream stream, string reference) : ICredentialSource, IDisposable
{
    private const string Origin = "the client";

    // One question at a time: answers bear no mark of what they answer.
    private readonly SemaphoreSlim _gate = new(1);

    /// <inheritdoc/>
    /// <exception cref="GantryException">InvalidArgument: the client's answer is none.</exception>
    public async ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        AuthRequest question = new() { Host = request.Host, Reference = reference };
        question.Wwwauthenticate.AddRange(request.Challenges);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await stream.SendAsync(TypeUrl.PackAny(question), cancellationToken);
            return Credential(await stream.ReceiveAsync(cancellationToken));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Close();
        _gate.Dispose();
    }

    private static RegistryCredential? Credential(Any? answer)
    {
        if (answer is null)
        {
            return null;
        }

        if (!TypeUrl.TryUnpack(answer, out AuthResponse? said))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"credentials: \"{answer.TypeUrl}\" is no answer");
        }

        return said switch
        {
            { AuthType: AuthType.Credentials } => new RegistryCredential(said.Username, said.Secret) { Origin = Origin },
            { AuthType: AuthType.Refresh, Secret.Length: > 0 } =>
                new RegistryCredential("", "") { IdentityToken = said.Secret, Origin = Origin },
            { AuthType: AuthType.Header, Secret.Length: > 0 } =>
                new RegistryCredential("", "") { Header = said.Secret, Origin = Origin },
            _ => null,
        };
    }
}
