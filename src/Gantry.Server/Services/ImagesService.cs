using Gantry.Api.Mapping;
using Gantry.Api.Services.Images;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.images.v1.Images.</summary>
internal sealed class ImagesService(IMetadata metadata) : Images.ImagesBase
{
    /// <inheritdoc/>
    public override async Task<GetImageResponse> Get(GetImageRequest request, ServerCallContext context)
    {
        ImageRecord image = await metadata.In(context).Images.GetAsync(request.Name, context.CancellationToken);
        return new GetImageResponse { Image = image.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<CreateImageResponse> Create(CreateImageRequest request, ServerCallContext context)
    {
        DateTimeOffset epoch = request.SourceDateEpoch?.ToDateTimeOffset() ?? default;
        ImageRecord wanted = Named(request.Image).ToRecord() with { CreatedAt = epoch, UpdatedAt = epoch };
        ImageRecord image = await metadata.In(context).Images.CreateAsync(wanted, context.CancellationToken);
        return new CreateImageResponse { Image = image.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateImageResponse> Update(UpdateImageRequest request, ServerCallContext context)
    {
        DateTimeOffset epoch = request.SourceDateEpoch?.ToDateTimeOffset() ?? default;
        ImageRecord wanted = Named(request.Image).ToRecord() with { CreatedAt = default, UpdatedAt = epoch };
        ImageRecord image = await metadata.In(context).Images.UpdateAsync(
            wanted,
            request.UpdateMask.ToRecord(),
            context.CancellationToken);
        return new UpdateImageResponse { Image = image.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Delete(DeleteImageRequest request, ServerCallContext context)
    {
        await metadata.In(context).Images.DeleteAsync(
            request.Name,
            request.Sync,
            request.Target?.ToRecord(),
            context.CancellationToken);
        return new Empty();
    }

    private static Image Named(Image? image)
    {
        if (string.IsNullOrEmpty(image?.Name))
        {
            throw GantryException.Verbatim(ErrorKind.InvalidArgument, "Image.Name required");
        }

        return image;
    }
}
