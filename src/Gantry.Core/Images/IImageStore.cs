using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Core.Images;

/// <summary>The images of one namespace.</summary>
public interface IImageStore
{
    /// <summary>One image.</summary>
    /// <exception cref="GantryException">NotFound: <c>image "N": not found</c>.</exception>
    Task<ImageRecord> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>All images that match any of the filters, by name.</summary>
    Task<IReadOnlyList<ImageRecord>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Makes a name. Its times are set here unless <paramref name="image"/> has one.</summary>
    /// <exception cref="GantryException">AlreadyExists; InvalidArgument: no name, or no usable target.</exception>
    Task<ImageRecord> CreateAsync(ImageRecord image, CancellationToken cancellationToken);

    /// <summary>
    /// Changes an image: paths <c>labels</c>, <c>labels.KEY</c>, <c>target</c>, <c>annotations</c> and
    /// <c>annotations.KEY</c> (of the target);
    /// an empty mask replaces them all. The time of the change is set here, unless <paramref name="image"/> has an
    /// <c>UpdatedAt</c> and no <c>CreatedAt</c>.
    /// </summary>
    /// <exception cref="GantryException">NotFound; InvalidArgument for another path.</exception>
    Task<ImageRecord> UpdateAsync(ImageRecord image, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>Removes a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="synchronous">Return only after a collection has run.</param>
    /// <param name="target">Remove it only if it points there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GantryException">NotFound, also when <paramref name="target"/> does not match.</exception>
    Task DeleteAsync(string name, bool synchronous, Descriptor? target, CancellationToken cancellationToken);
}
