using System.Runtime.ExceptionServices;
using Gantry.Api;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Transfer;
using Gantry.Api.Types.Transfer;
using Gantry.Client.Internal;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Client.Transfers;

/// <summary>Images that the daemon itself moves between registries and its stores.</summary>
public sealed class TransferClient
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly RpcHeaders _headers;

    internal TransferClient(Connection connection, RpcHeaders headers)
    {
        _connection = connection;
        _headers = headers;
    }

    /// <summary>
    /// Has the daemon pull an image. It ends when the daemon has ended its work: when it is cancelled, that is given up first,
    /// with what it had begun.
    /// </summary>
    /// <param name="pull">What to pull.</param>
    /// <param name="progress">Is told how it goes, one step after the other; null for nobody.</param>
    /// <param name="cancellationToken">Ends the pull.</param>
    /// <exception cref="GantryException">
    /// NotImplemented: the daemon has no such service, and nothing was done; what the registry and the stores say; and what
    /// <see cref="RegistryPull.Credentials"/> throws, which ends the pull.
    /// </exception>
    public async Task PullAsync(
        RegistryPull pull, Action<TransferStep>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pull);
        using TransferStream told = TransferStream.Open(_connection, _headers);
        using TransferStream? asked = pull.Credentials is null ? null : TransferStream.Open(_connection, _headers);
        await told.ReadyAsync(cancellationToken).ConfigureAwait(false);
        await (asked?.ReadyAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        using CancellationTokenSource end = new();
        using CancellationTokenSource call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? refused = null;
        async ValueTask<TransferCredential?> CredentialsAsync(
            string host, IReadOnlyList<string> challenges, CancellationToken token)
        {
            try
            {
                return await pull.Credentials!(host, challenges, token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The daemon waits for an answer that does not come.
                refused = e;
                await call.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        Task telling = TellAsync(told, progress, end.Token);
        Task answering = asked is null ? Task.CompletedTask : AnswerAsync(asked, CredentialsAsync, end.Token);
        try
        {
            await _connection.CallAsync(
                "/containerd.services.transfer.v1.Transfer/Transfer",
                Request(pull, told.Id, asked?.Id ?? ""),
                new Empty(),
                _headers,
                call.Token).ConfigureAwait(false);
        }
        catch (Exception) when (refused is not null)
        {
            ExceptionDispatchInfo.Throw(refused);
            throw;
        }
        finally
        {
            // The last thing that the daemon does is to close the stream of its progress.
            end.CancelAfter(EndLimit);
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await end.CancelAsync().ConfigureAwait(false);
            await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TransferRequest Request(RegistryPull pull, string progressStream, string authStream)
    {
        ImageStore store = new() { Name = pull.Reference, ManifestLimit = pull.AllPlatforms ? 0u : 1u };
        if (!pull.AllPlatforms)
        {
            store.Platforms.Add(pull.Platform.ToMessage());
        }

        if (pull.Snapshotter.Length > 0)
        {
            store.Unpacks.Add(
                new UnpackConfiguration { Platform = pull.Platform.ToMessage(), Snapshotter = pull.Snapshotter });
        }

        OCIRegistry source = new()
        {
            Reference = pull.Reference,
            Resolver = new RegistryResolver
            {
                AuthStream = authStream,
                DefaultScheme = pull.PlainHttp ? "http" : "",
                HostDir = string.Join(':', pull.HostsDirectories),
            },
        };
        return new TransferRequest
        {
            Source = TypeUrl.PackAny(source),
            Destination = TypeUrl.PackAny(store),
            Options = new TransferOptions { ProgressStream = progressStream },
        };
    }

    private static async Task TellAsync(
        TransferStream stream, Action<TransferStep>? progress, CancellationToken cancellationToken)
    {
        while (await stream.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
        {
            if (progress is not null && TypeUrl.TryUnpack(message, out Progress? step))
            {
                Digest digest = Digest.TryParse(step.Desc?.Digest ?? "", out Digest parsed) ? parsed : default;
                progress(new TransferStep(step.Event, step.Name, digest, step.Progress_, step.Total));
            }
        }
    }

    private static async Task AnswerAsync(
        TransferStream stream,
        Func<string, IReadOnlyList<string>, CancellationToken, ValueTask<TransferCredential?>> credentials,
        CancellationToken cancellationToken)
    {
        while (await stream.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
        {
            AuthResponse answer = new() { AuthType = AuthType.None };
            if (TypeUrl.TryUnpack(message, out AuthRequest? question))
            {
                TransferCredential? credential = await credentials(question.Host, question.Wwwauthenticate, cancellationToken)
                    .ConfigureAwait(false);
                answer = credential?.Answer ?? answer;
            }

            await stream.SendAsync(answer, cancellationToken).ConfigureAwait(false);
        }
    }
}
