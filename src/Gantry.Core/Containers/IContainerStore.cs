using Gantry.Core.Errors;

namespace Gantry.Core.Containers;

/// <summary>The containers of one namespace.</summary>
public interface IContainerStore
{
    /// <summary>One container.</summary>
    /// <exception cref="GantryException">NotFound: <c>container "ID" in namespace "NS": not found</c>.</exception>
    Task<ContainerRecord> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>All containers that match any of the filters, by id.</summary>
    Task<IReadOnlyList<ContainerRecord>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Makes a container.</summary>
    /// <exception cref="GantryException">
    /// AlreadyExists; InvalidArgument: bad id or label, no spec, no runtime name, a snapshot key without a snapshotter.
    /// </exception>
    Task<ContainerRecord> CreateAsync(ContainerRecord container, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a container: paths <c>labels</c>, <c>labels.KEY</c>, <c>spec</c>, <c>extensions</c>,
    /// <c>extensions.KEY</c>, <c>image</c>, <c>snapshotkey</c>; an empty mask replaces them all.
    /// </summary>
    /// <exception cref="GantryException">
    /// NotFound; InvalidArgument: another path, or an empty mask with another snapshotter or runtime name.
    /// </exception>
    Task<ContainerRecord> UpdateAsync(ContainerRecord container, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>Removes a container.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task DeleteAsync(string id, CancellationToken cancellationToken);
}
