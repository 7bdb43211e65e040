using Gantry.Api.Services.Images;
using Gantry.Api.Mapping;
using Gantry.Core;
using Gantry.Core.Images;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Server.Publishing;

/// <summary>Images whose changes are told.</summary>
internal sealed class PublishedImages(IImageStore images, Namespace ns, EventPublisher events) : IImageStore
{
    /// <inheritdoc/>
    public Task<ImageRecord> GetAsync(string name, CancellationToken cancellationToken) =>
        images.GetAsync(name, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageRecord>> ListAsync(
        IReadOnlyList<string> filters, CancellationToken cancellationToken) => images.ListAsync(filters, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImageRecord> CreateAsync(ImageRecord image, CancellationToken cancellationToken)
    {
        ImageRecord made = await images.CreateAsync(image, cancellationToken);
        ImageCreate created = new() { Name = made.Name };
        created.Labels.Fill(made.Labels);
        await events.PublishAsync(ns, "/images/create", created);
        return made;
    }

    /// <inheritdoc/>
    public async Task<ImageRecord> UpdateAsync(ImageRecord image, FieldMask mask, CancellationToken cancellationToken)
    {
        ImageRecord changed = await images.UpdateAsync(image, mask, cancellationToken);
        ImageUpdate updated = new() { Name = changed.Name };
        updated.Labels.Fill(changed.Labels);
        await events.PublishAsync(ns, "/images/update", updated);
        return changed;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(
        string name, bool synchronous, Descriptor? target, CancellationToken cancellationToken)
    {
        await images.DeleteAsync(name, synchronous, target, cancellationToken);
        await events.PublishAsync(ns, "/images/delete", new ImageDelete { Name = name });
    }
}
