using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Containers = Gantry.Api.Services.Containers;
using Content = Gantry.Api.Services.Content;
using Images = Gantry.Api.Services.Images;
using Leases = Gantry.Api.Services.Leases;
using Snapshots = Gantry.Api.Services.Snapshots;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// Tells the host of the methods of <see cref="RecordLists"/>, which write their answers themselves. To the host all are
/// streams: an answer of one message is the same on the wire.
/// </summary>
internal sealed class RecordListMethods : IServiceMethodProvider<RecordLists>
{
    private static readonly Marshaller<WireWriter> Written = new(
        static (_, _) => throw new NotSupportedException("lists are written by MessageSender"),
        static _ => throw new NotSupportedException("lists are only sent"));

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecordLists> context)
    {
        Add(
            context,
            Containers.Containers.Descriptor.FullName,
            Containers.ListContainersRequest.Parser,
            static (lists, request, _, call) => lists.Containers(request, call));
        Add(
            context,
            Images.Images.Descriptor.FullName,
            Images.ListImagesRequest.Parser,
            static (lists, request, _, call) => lists.Images(request, call));
        Add(
            context,
            Leases.Leases.Descriptor.FullName,
            Leases.ListRequest.Parser,
            static (lists, request, _, call) => lists.Leases(request, call));
        Add(
            context,
            Content.Content.Descriptor.FullName,
            Content.ListContentRequest.Parser,
            static (lists, request, _, call) => lists.Content(request, call));
        Add(
            context,
            Snapshots.Snapshots.Descriptor.FullName,
            Snapshots.ListSnapshotsRequest.Parser,
            static (lists, request, _, call) => lists.Snapshots(request, call));
    }

    private static void Add<TRequest>(
        ServiceMethodProviderContext<RecordLists> context,
        string service,
        MessageParser<TRequest> parser,
        Grpc.AspNetCore.Server.Model.ServerStreamingServerMethod<RecordLists, TRequest, WireWriter> invoke)
        where TRequest : class, IMessage<TRequest>
    {
        Marshaller<TRequest> marshaller = new(
            static (message, target) => target.Complete(message.ToByteArray()),
            source => parser.ParseFrom(source.PayloadAsReadOnlySequence()));
        Method<TRequest, WireWriter> method = new(MethodType.ServerStreaming, service, "List", marshaller, Written);
        context.AddServerStreamingMethod(method, [], invoke);
    }
}
