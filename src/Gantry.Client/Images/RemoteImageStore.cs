using Gantry.Api.Mapping;
using Gantry.Api.Services.Images;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Gantry.Client.Images;

/// <summary>The images of a namespace of a daemon.</summary>
internal sealed class RemoteImageStore(Connection connection, RpcHeaders headers) : IImageStore
{
    public async Task<ImageRecord> GetAsync(string name, CancellationToken cancellationToken)
    {
        GetImageResponse response = new();
        await connection.CallAsync(
            "/containerd.services.images.v1.Images/Get",
            new GetImageRequest { Name = name },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task<IReadOnlyList<ImageRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListImagesResponse response = new();
        await connection.CallAsync(
            "/containerd.services.images.v1.Images/List",
            new ListImagesRequest { Filters = { filters } },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Images.Select(i => i.ToRecord())];
    }

    public async Task<ImageRecord> CreateAsync(ImageRecord image, CancellationToken cancellationToken)
    {
        CreateImageResponse response = new();
        await connection.CallAsync(
            "/containerd.services.images.v1.Images/Create",
            new CreateImageRequest { Image = image.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task<ImageRecord> UpdateAsync(ImageRecord image, FieldMask mask, CancellationToken cancellationToken)
    {
        UpdateImageResponse response = new();
        await connection.CallAsync(
            "/containerd.services.images.v1.Images/Update",
            new UpdateImageRequest { Image = image.ToMessage(), UpdateMask = mask.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task DeleteAsync(
        string name,
        bool synchronous,
        Descriptor? target,
        CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.images.v1.Images/Delete",
            new DeleteImageRequest { Name = name, Sync = synchronous, Target = target?.ToMessage() },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);
}
