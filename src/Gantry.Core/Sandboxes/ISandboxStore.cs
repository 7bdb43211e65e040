using Gantry.Core.Errors;

namespace Gantry.Core.Sandboxes;

/// <summary>The records of the sandboxes of one namespace. A record holds no process.</summary>
public interface ISandboxStore
{
    /// <summary>One sandbox.</summary>
    /// <exception cref="GantryException">NotFound: <c>bucket "ID" not found: not found</c>.</exception>
    Task<SandboxRecord> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>All sandboxes that match any of the filters, by id.</summary>
    /// <exception cref="GantryException">InvalidArgument: a filter is malformed.</exception>
    Task<IReadOnlyList<SandboxRecord>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Makes a sandbox's record.</summary>
    /// <exception cref="GantryException">AlreadyExists; InvalidArgument: bad id or label.</exception>
    Task<SandboxRecord> CreateAsync(SandboxRecord sandbox, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a sandbox's record: paths <c>labels</c>, <c>labels.KEY</c>, <c>extensions</c>, <c>extensions.KEY</c>,
    /// <c>spec</c>, <c>runtime</c>; an empty mask replaces them all.
    /// </summary>
    /// <exception cref="GantryException">
    /// NotFound; InvalidArgument: another path, or an empty mask with another runtime name.
    /// </exception>
    Task<SandboxRecord> UpdateAsync(SandboxRecord sandbox, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>Removes a sandbox's record.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task DeleteAsync(string id, CancellationToken cancellationToken);
}
