using Gantry.Api;
using Gantry.Api.Services.Streaming;
using Gantry.Core.Errors;
using Gantry.Server.Hosting;
using Gantry.Server.Streams;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>
/// containerd.services.streaming.v1.Streaming: a client names a stream with its first message, is told that it is known, and
/// hands the name to the call that is to use it.
/// </summary>
internal sealed class StreamingService(StreamTable streams, DaemonLifetime lifetime) : Streaming.StreamingBase
{
    private static readonly Any Ready = TypeUrl.PackAny("google.protobuf.Empty", new Empty());

    /// <inheritdoc/>
    public override async Task Stream(
        IAsyncStreamReader<Any> requestStream,
        IServerStreamWriter<Any> responseStream,
        ServerCallContext context)
    {
        using CancellationTokenSource ended = lifetime.Link(context.CancellationToken);
        if (!await requestStream.MoveNext(ended.Token))
        {
            return;
        }

        ClientStream stream = new(
            context.TryGetNamespace()?.ToString() ?? "",
            context.TryGetLease() ?? "",
            NameIn(requestStream.Current),
            requestStream,
            responseStream);
        streams.Add(stream);
        try
        {
            await stream.SendAsync(Ready, ended.Token);
            await stream.Closed.WaitAsync(ended.Token);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client has gone, which is a way to end it.
            return;
        }
        finally
        {
            streams.Remove(stream);
        }
    }

    private static string NameIn(Any first) => TypeUrl.TryUnpack(first, out StreamInit? init)
        ? init.Id
        : throw new GantryException(
            ErrorKind.Unknown,
            $"can't unmarshal type \"{first.TypeUrl}\" to output \"{StreamInit.Descriptor.FullName}\"");
}
