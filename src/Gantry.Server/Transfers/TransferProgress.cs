using System.Threading.Channels;
using Gantry.Api;
using Gantry.Api.Mapping;
using Gantry.Api.Types.Transfer;
using Gantry.Oci.Image;
using Gantry.Server.Streams;
using Grpc.Core;

namespace Gantry.Server.Transfers;

/// <summary>
/// Tells a client how far a transfer has come, over a stream of the client's; nobody, when it gave none. A client that does
/// not listen any more does not end the transfer, nor hold up its end.
/// </summary>
internal sealed class TransferProgress : IAsyncDisposable
{
    private const int MaxWaiting = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ClientStream? _stream;
    private readonly CancellationTokenSource _ended;
    private readonly Channel<Progress> _waiting = Channel.CreateBounded<Progress>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Task _sending;

    /// <summary>Begins to tell.</summary>
    /// <param name="stream">The client's stream; null for none.</param>
    /// <param name="cancellationToken">Ends with the call.</param>
    public TransferProgress(ClientStream? stream, CancellationToken cancellationToken)
    {
        _stream = stream;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _sending = stream is null ? Task.CompletedTask : SendAsync(stream, _ended.Token);
    }

    /// <summary>Tells of the transfer as a whole.</summary>
    /// <param name="what">In words for people.</param>
    public void Say(string what) => Add(new Progress { Event = what });

    /// <summary>Tells of an image.</summary>
    /// <param name="what">What has become of it.</param>
    /// <param name="image">Its name.</param>
    /// <param name="target">What it stands for.</param>
    public void Say(string what, string image, Descriptor target) =>
        Add(new Progress { Event = what, Name = image, Desc = target.ToMessage() });

    /// <summary>Tells of a part of an image.</summary>
    /// <param name="what">What is happening to it.</param>
    /// <param name="parents">What it is a part of: the refs of manifests and indexes, or the name of the image.</param>
    /// <param name="part">Its own name: the ref of its ingest.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="offset">Bytes done.</param>
    /// <param name="total">All its bytes.</param>
    public void Say(
        string what, IReadOnlyList<string> parents, string part, Digest digest, long offset, long total)
    {
        Progress progress = new() { Event = what, Name = part, Progress_ = offset, Total = total };
        progress.Parents.AddRange(parents);
        progress.Desc = new Api.Types.ContentDescriptor { Digest = digest.ToString(), Size = total };
        Add(progress);
    }

    /// <summary>Ends when the client has been told everything, or does not listen.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        _ended.CancelAfter(Patience);
        await _sending;
        _stream?.Close();
        _ended.Dispose();
    }

    private void Add(Progress progress)
    {
        if (_stream is not null)
        {
            _waiting.Writer.TryWrite(progress);
        }
    }

    private async Task SendAsync(ClientStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Progress progress in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                await stream.SendAsync(TypeUrl.PackAny(progress), cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The client has closed its stream, or given up its call: there is nobody to tell.
            _waiting.Writer.TryComplete();
        }
    }
}
