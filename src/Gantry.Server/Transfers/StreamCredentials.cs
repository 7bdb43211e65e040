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
/// <param name="time">The clock.</param>
internal sealed class StreamCredentials(ClientStream stream, string reference, TimeProvider time) : ICredentialSource, IDisposable
{
    private const string Origin = "the client";

    // Somebody may have to type a password.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // One question at a time: answers bear no mark of what they answer.
    private readonly SemaphoreSlim _gate = new(1);

    // An answer that is still awaited would be taken for that to the next question.
    private bool _silent;

    /// <inheritdoc/>
    /// <exception cref="GantryException">
    /// InvalidArgument: the client's answer is none; Unauthenticated: it does not answer.
    /// </exception>
    public async ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        AuthRequest question = new() { Host = request.Host, Reference = reference };
        question.Wwwauthenticate.AddRange(request.Challenges);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_silent)
            {
                throw Unanswered(request);
            }

            await stream.SendAsync(TypeUrl.PackAny(question), cancellationToken);
            return Credential(await stream.ReceiveAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken));
        }
        catch (TimeoutException e)
        {
            _silent = true;
            throw Unanswered(request, e);
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

    private static GantryException Unanswered(CredentialRequest request, Exception? cause = null) =>
        new(ErrorKind.Unauthenticated, $"the client does not say who it is at {request.Host}", cause);

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
