using Gantry.Api;
using Gantry.Api.Services.Streaming;
using Gantry.Api.Types.Transfer;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Compat.Tests.Transfers;

/// <summary>A stream as a client of the streaming service has it.</summary>
internal sealed class TransferStream : IDisposable
{
    private const int Piece = 32 * 1024;

    private readonly AsyncDuplexStreamingCall<Any, Any> _call;

    private TransferStream(string name, AsyncDuplexStreamingCall<Any, Any> call)
    {
        Name = name;
        _call = call;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Opens one, and returns when the daemon knows it.</summary>
    public static async Task<TransferStream> OpenAsync(
        CallInvoker calls, string name, Metadata headers, CancellationToken cancellationToken)
    {
        AsyncDuplexStreamingCall<Any, Any> call =
            new Streaming.StreamingClient(calls).Stream(headers, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(
            TypeUrl.PackAny("containerd.services.streaming.v1.StreamInit", new StreamInit { Id = name }), cancellationToken);
        await call.ResponseStream.MoveNext(cancellationToken);
        return new TransferStream(name, call);
    }

    /// <summary>All messages of a type, until the daemon closes the stream.</summary>
    public async Task<List<T>> AllAsync<T>(CancellationToken cancellationToken)
        where T : class, IMessage<T>, new()
    {
        List<T> all = [];
        await foreach (Any any in _call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (TypeUrl.TryUnpack(any, out T? message))
            {
                all.Add(message);
            }
        }

        return all;
    }

    /// <summary>Answers every question with the same credential, until the daemon closes the stream.</summary>
    public async Task<List<AuthRequest>> AnswerAsync(AuthResponse answer, CancellationToken cancellationToken)
    {
        List<AuthRequest> asked = [];
        await foreach (Any any in _call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (TypeUrl.TryUnpack(any, out AuthRequest? request))
            {
                asked.Add(request);
                await _call.RequestStream.WriteAsync(TypeUrl.PackAny(answer), cancellationToken);
            }
        }

        return asked;
    }

    /// <summary>Sends bytes as fast as the daemon has room for them, and closes this side.</summary>
    public async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        long room = 0;
        for (int sent = 0; sent < bytes.Length;)
        {
            while (room == 0)
            {
                if (!await _call.ResponseStream.MoveNext(cancellationToken))
                {
                    return;
                }

                room += TypeUrl.TryUnpack(_call.ResponseStream.Current, out WindowUpdate? window) ? window.Update : 0;
            }

            int length = (int)Math.Min(Math.Min(Piece, bytes.Length - sent), room);
            Data data = new() { Data_ = ByteString.CopyFrom(bytes, sent, length) };
            await _call.RequestStream.WriteAsync(TypeUrl.PackAny(data), cancellationToken);
            sent += length;
            room -= length;
        }

        await _call.RequestStream.CompleteAsync();
    }

    /// <summary>Receives bytes until the daemon closes the stream; never more at once than it has given room for.</summary>
    public async Task<byte[]> ReceiveAsync(int window, CancellationToken cancellationToken)
    {
        using MemoryStream bytes = new();
        await _call.RequestStream.WriteAsync(TypeUrl.PackAny(new WindowUpdate { Update = window }), cancellationToken);
        long room = window;
        await foreach (Any any in _call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (!TypeUrl.TryUnpack(any, out Data? data))
            {
                continue;
            }

            room -= data.Data_.Length;
            if (room < 0)
            {
                throw new InvalidDataException($"{-room} bytes more than there was room for");
            }

            bytes.Write(data.Data_.Span);
            if (room == 0)
            {
                await _call.RequestStream.WriteAsync(
                    TypeUrl.PackAny(new WindowUpdate { Update = window }), cancellationToken);
                room = window;
            }
        }

        return bytes.ToArray();
    }

    public void Dispose() => _call.Dispose();
}
