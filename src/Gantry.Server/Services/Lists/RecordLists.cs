using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Gantry.Core.Metadata;
using Grpc.Core;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// The lists that are one message, however long: containers, images, leases. Records go from the database into the
/// answer as bytes; nothing is made of them on the way.
/// </summary>
internal sealed class RecordLists(IRecordScan scan)
{
    // Of all three answers: the field that repeats.
    private const int Items = 1;

    /// <summary>containerd.services.containers.v1.Containers, List.</summary>
    public Task<WireWriter> Containers(ListContainersRequest request, ServerCallContext context) => Write(writer =>
        scan.Containers(
            context.Namespace(),
            request.Filters,
            (in container) => RecordEncoder.Write(writer, Items, container),
            context.CancellationToken));

    /// <summary>containerd.services.images.v1.Images, List.</summary>
    public Task<WireWriter> Images(ListImagesRequest request, ServerCallContext context) => Write(writer =>
        scan.Images(
            context.Namespace(),
            request.Filters,
            (in image) => RecordEncoder.Write(writer, Items, image),
            context.CancellationToken));

    /// <summary>containerd.services.leases.v1.Leases, List.</summary>
    public Task<WireWriter> Leases(ListRequest request, ServerCallContext context) => Write(writer =>
        scan.Leases(
            context.Namespace(),
            request.Filters,
            (in lease) => RecordEncoder.Write(writer, Items, lease),
            context.CancellationToken));

    private static Task<WireWriter> Write(Action<WireWriter> write)
    {
        WireWriter writer = new();
        try
        {
            write(writer);
            return Task.FromResult(writer);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }
}
