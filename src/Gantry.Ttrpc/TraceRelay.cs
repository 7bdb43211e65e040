using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Ttrpc;

/// <summary>
/// How a shim's spans get out: it hands them to its daemon, which sends them on, so that no shim has to know how to reach a
/// collector.
/// </summary>
public static class TraceRelay
{
    /// <summary>The service, on the socket that shims send events to.</summary>
    public const string ServiceName = "gantry.tracing.v1.Traces";

    private static readonly Method<BytesValue, Empty> Export = new(
        MethodType.Unary, ServiceName, "Export", MarshallerOf(BytesValue.Parser), MarshallerOf(Empty.Parser));

    /// <summary>Serves it.</summary>
    /// <param name="binder">Where.</param>
    /// <param name="send">Sends a batch on.</param>
    public static void Bind(ServiceBinderBase binder, Func<byte[], CancellationToken, Task> send)
    {
        ArgumentNullException.ThrowIfNull(binder);
        UnaryServerMethod<BytesValue, Empty> export = async (request, context) =>
        {
            await send(request.Value.ToByteArray(), context.CancellationToken);
            return new Empty();
        };
        binder.AddMethod(Export, export);
    }

    /// <summary>Hands a batch to a daemon. One that does not trace refuses it.</summary>
    /// <param name="address">The daemon's socket.</param>
    /// <param name="batch">The spans, as OTLP has them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task SendAsync(string address, byte[] batch, CancellationToken cancellationToken)
    {
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(address, cancellationToken);
        BytesValue request = new() { Value = UnsafeByteOperations.UnsafeWrap(batch) };
        using AsyncUnaryCall<Empty> call = client.CallInvoker.AsyncUnaryCall(
            Export, host: null, new CallOptions(cancellationToken: cancellationToken), request);
        await call.ResponseAsync;
    }

    private static Marshaller<T> MarshallerOf<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => new(
            static (message, target) => target.Complete(message.ToByteArray()),
            source => parser.ParseFrom(source.PayloadAsReadOnlySequence()));
}
