using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Gantry.Api.Services.Snapshots;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Grpc.Core;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// The lists that may be long: containers, images, leases, each one message however long; blobs and snapshots, in several.
/// Records go from the database into the answer as bytes; nothing is made of them on the way.
/// </summary>
internal sealed class RecordLists(IRecordScan scan)
{
    // Of all answers: the field that repeats.
    private const int Items = 1;

    /// <summary>containerd.services.containers.v1.Containers, List.</summary>
    public Task Containers(ListContainersRequest request, ServerCallContext context) => SendOneAsync(
        context,
        (writer, sender) => scan.Containers(
            context.Namespace(),
            request.Filters,
            (in container) =>
            {
                RecordEncoder.Write(writer, Items, container);
                sender.Check(writer);
            },
            context.CancellationToken));

    /// <summary>containerd.services.images.v1.Images, List.</summary>
    public Task Images(ListImagesRequest request, ServerCallContext context) => SendOneAsync(
        context,
        (writer, sender) => scan.Images(
            context.Namespace(),
            request.Filters,
            (in image) =>
            {
                RecordEncoder.Write(writer, Items, image);
                sender.Check(writer);
            },
            context.CancellationToken));

    /// <summary>containerd.services.leases.v1.Leases, List.</summary>
    public Task Leases(ListRequest request, ServerCallContext context) => SendOneAsync(
        context,
        (writer, sender) => scan.Leases(
            context.Namespace(),
            request.Filters,
            (in lease) =>
            {
                RecordEncoder.Write(writer, Items, lease);
                sender.Check(writer);
            },
            context.CancellationToken));

    /// <summary>containerd.services.content.v1.Content, List.</summary>
    public Task Content(ListContentRequest request, ServerCallContext context)
    {
        Namespace ns = context.Namespace();
        return SendPartsAsync(context, (writer, after) => scan.Content(
            ns,
            request.Filters,
            after,
            (in blob) => RecordEncoder.Write(writer, Items, blob),
            context.CancellationToken));
    }

    /// <summary>containerd.services.snapshots.v1.Snapshots, List.</summary>
    public Task Snapshots(ListSnapshotsRequest request, ServerCallContext context)
    {
        Namespace ns = context.TryGetNamespace()
            ?? throw GantryException.Verbatim(ErrorKind.Unknown, "namespace is required: failed precondition");
        if (request.Snapshotter.Length == 0)
        {
            throw SnapshotsService.NoSnapshotter();
        }

        CheckFilters(request.Filters);
        return SendPartsAsync(context, (writer, after) => scan.Snapshots(
            ns,
            request.Snapshotter,
            request.Filters,
            after,
            (in snapshot) => RecordEncoder.Write(writer, Items, snapshot),
            context.CancellationToken));
    }

    private static async Task SendOneAsync(ServerCallContext context, Action<WireWriter, MessageSender> write)
    {
        MessageSender sender = new(context);
        using WireWriter writer = new();
        write(writer, sender);
        await sender.SendAsync(writer);
    }

    private static async Task SendPartsAsync(ServerCallContext context, Func<WireWriter, string, string?> write)
    {
        MessageSender sender = new(context);
        string? after = "";
        while (after is not null)
        {
            using WireWriter writer = new();
            after = write(writer, after);
            if (writer.Finish() > 0)
            {
                await sender.SendAsync(writer);
            }
        }
    }

    /// <summary>A filter that can't be parsed: here, and nowhere else, containerd gives the error no class.</summary>
    private static void CheckFilters(IReadOnlyList<string> filters)
    {
        try
        {
            Filter.Parse(filters);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(ErrorKind.Unknown, e.Message, e);
        }
    }
}
