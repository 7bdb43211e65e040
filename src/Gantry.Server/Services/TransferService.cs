using Gantry.Api;
using Gantry.Api.Services.Transfer;
using Gantry.Api.Types.Transfer;
using Gantry.Core.Errors;
using Gantry.Server.Streams;
using Gantry.Server.Transfers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.transfer.v1.Transfer: what is done is told by the types of source and destination.</summary>
/// <param name="transfers">Does it.</param>
/// <param name="streams">The streams of clients.</param>
internal sealed class TransferService(ImageTransfers transfers, StreamTable streams) : Api.Services.Transfer.Transfer.TransferBase
{
    /// <inheritdoc/>
    public override async Task<Empty> Transfer(TransferRequest request, ServerCallContext context)
    {
        TransferCaller caller = new(context.Namespace(), context.TryGetLease());
        string name = request.Options?.ProgressStream ?? "";
        ClientStream? told = name.Length > 0 ? streams.Get(caller.NamespaceName, name) : null;
        await using TransferProgress progress = new(told, context.CancellationToken);
        await TransferAsync(caller, request, progress, context.CancellationToken);
        return new Empty();
    }

    private Task TransferAsync(
        TransferCaller caller, TransferRequest request, TransferProgress progress, CancellationToken cancellationToken) =>
        (Open(request.Source), Open(request.Destination)) switch
        {
            (OCIRegistry from, ImageStore to) => transfers.PullAsync(caller, from, to, progress, cancellationToken),
            (ImageStore from, OCIRegistry to) => transfers.PushAsync(caller, from, to, progress, cancellationToken),
            (ImageStore from, ImageStore to) => transfers.TagAsync(caller, from, to, cancellationToken),
            (ImageStore from, ImageExportStream to) => transfers.ExportAsync(caller, from, to, progress, cancellationToken),
            (ImageImportStream from, ImageStore to) => transfers.ImportAsync(caller, from, to, progress, cancellationToken),
            (ImageImportStream from, ImageExportStream to) => transfers.EchoAsync(caller, from, to, cancellationToken),
            _ => throw GantryException.Verbatim(
                ErrorKind.NotImplemented,
                $"method Transfer not implemented for {request.Source?.TypeUrl} to {request.Destination?.TypeUrl}"),
        };

    // Null for what is no source and no destination.
    private static IMessage? Open(Any? value) =>
        Unpack<OCIRegistry>(value)
        ?? Unpack<ImageStore>(value)
        ?? Unpack<ImageImportStream>(value)
        ?? Unpack<ImageExportStream>(value);

    private static IMessage? Unpack<T>(Any? value)
        where T : class, IMessage<T>, new() => TypeUrl.TryUnpack(value, out T? message) ? message : null;
}
