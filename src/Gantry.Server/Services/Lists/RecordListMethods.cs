using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// Tells the host of the methods of <see cref="RecordLists"/>, which write their answers themselves. To the host all are
/// streams: an answer of one message is the same on the wire.
/// </summary>
internal sealed class RecordListMethods : IServiceMethodProvider<RecordLists>
{
    /// <summary>The services that have one, whose descriptors, for the name alone, would take milliseconds to build.</summary>
    public const string Containers = "containerd.services.containers.v1.Containers";

    /// <inheritdoc cref="Containers"/>
    public const string Images = "containerd.services.images.v1.Images";

    /// <inheritdoc cref="Containers"/>
    public const string Leases = "containerd.services.leases.v1.Leases";

    /// <inheritdoc cref="Containers"/>
    public const string Content = "containerd.services.content.v1.Content";

    /// <inheritdoc cref="Containers"/>
    public const string Snapshots = "containerd.services.snapshots.v1.Snapshots";

    private static readonly Marshaller<WireWriter> Written = new(
        static (_, _) => throw new NotSupportedException("lists are written by MessageSender"),
        static _ => throw new NotSupportedException("lists are only sent"));

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecordLists> context)
    {
        Add(
            context,
            Containers,
            Gantry.Api.Services.Containers.ListContainersRequest.Parser,
            static (lists, request, _, call) => lists.Containers(request, call));
        Add(
            context,
            Images,
            Gantry.Api.Services.Images.ListImagesRequest.Parser,
            static (lists, request, _, call) => lists.Images(request, call));
        Add(
            context,
            Leases,
            Gantry.Api.Services.Leases.ListRequest.Parser,
            static (lists, request, _, call) => lists.Leases(request, call));
        Add(
            context,
            Content,
            Gantry.Api.Services.Content.ListContentRequest.Parser,
            static (lists, request, _, call) => lists.Content(request, call));
        Add(
            context,
            Snapshots,
            Gantry.Api.Services.Snapshots.ListSnapshotsRequest.Parser,
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
