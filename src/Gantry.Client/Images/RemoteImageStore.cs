using Gantry.Api.Mapping;
using Gantry.Api.Services.Images;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Grpc.Core;

namespace Gantry.Client.Images;

/// <summary>The images of a namespace of a daemon.</summary>
internal sealed class RemoteImageStore(Connection connection, Metadata headers) : IImageStore
{
    private readonly Api.Services.Images.Images.ImagesClient _api = new(connection.Invoker);

    public async Task<ImageRecord> GetAsync(string name, CancellationToken cancellationToken)
    {
        GetImageResponse response = await connection.UnaryAsync(_api.GetAsync(
            new GetImageRequest { Name = name },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task<IReadOnlyList<ImageRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListImagesResponse response = await connection.UnaryAsync(_api.ListAsync(
            new ListImagesRequest { Filters = { filters } },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. response.Images.Select(i => i.ToRecord())];
    }

    public async Task<ImageRecord> CreateAsync(ImageRecord image, CancellationToken cancellationToken)
    {
        CreateImageResponse response = await connection.UnaryAsync(_api.CreateAsync(
            new CreateImageRequest { Image = image.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task<ImageRecord> UpdateAsync(ImageRecord image, FieldMask mask, CancellationToken cancellationToken)
    {
        UpdateImageResponse response = await connection.UnaryAsync(_api.UpdateAsync(
            new UpdateImageRequest { Image = image.ToMessage(), UpdateMask = mask.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Image.ToRecord();
    }

    public async Task DeleteAsync(
        string name,
        bool synchronous,
        Descriptor? target,
        CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteAsync(
            new DeleteImageRequest { Name = name, Sync = synchronous, Target = target?.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
}
