using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Gantry.Server.Services.Lists;

/// <summary>Tells the host of the methods of <see cref="RecordLists"/>, whose answers are bytes already.</summary>
internal sealed class RecordListMethods : IServiceMethodProvider<RecordLists>
{
    private static readonly Marshaller<WireWriter> Encoded = new(
        Send,
        static _ => throw new NotSupportedException("lists are only sent"));

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecordLists> context)
    {
        Add(
            context,
            Containers.Descriptor.FullName,
            ListContainersRequest.Parser,
            static (lists, request, call) => lists.Containers(request, call));
        Add(
            context,
            Images.Descriptor.FullName,
            ListImagesRequest.Parser,
            static (lists, request, call) => lists.Images(request, call));
        Add(
            context,
            Leases.Descriptor.FullName,
            ListRequest.Parser,
            static (lists, request, call) => lists.Leases(request, call));
    }

    private static void Add<TRequest>(
        ServiceMethodProviderContext<RecordLists> context,
        string service,
        MessageParser<TRequest> parser,
        Grpc.AspNetCore.Server.Model.UnaryServerMethod<RecordLists, TRequest, WireWriter> invoke)
        where TRequest : class, IMessage<TRequest>
    {
        Marshaller<TRequest> marshaller = new(
            static (message, target) => target.Complete(message.ToByteArray()),
            source => parser.ParseFrom(source.PayloadAsReadOnlySequence()));
        Method<TRequest, WireWriter> method = new(MethodType.Unary, service, "List", marshaller, Encoded);
        context.AddUnaryMethod(method, [], invoke);
    }

    private static void Send(WireWriter list, SerializationContext target)
    {
        using (list)
        {
            target.SetPayloadLength(checked((int)list.Finish()));
            list.CopyTo(target.GetBufferWriter());
            target.Complete();
        }
    }
}
