using Gantry.Core.Errors;

namespace Gantry.Core.Namespaces;

/// <summary>The namespaces that exist. A namespace also comes to be with the first object written in it.</summary>
public interface INamespaceStore
{
    /// <summary>One namespace. One that does not exist is one without labels: it comes to be with its first object.</summary>
    Task<NamespaceInfo> GetAsync(Namespace name, CancellationToken cancellationToken);

    /// <summary>All namespaces, by name, that match any of the filters.</summary>
    Task<IReadOnlyList<NamespaceInfo>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Makes a namespace.</summary>
    /// <exception cref="GantryException">AlreadyExists; InvalidArgument for a label that is too long.</exception>
    Task<NamespaceInfo> CreateAsync(NamespaceInfo info, CancellationToken cancellationToken);

    /// <summary>
    /// Changes labels. Without a mask all labels are replaced; else only paths <c>labels.KEY</c> are legal, and an
    /// empty value removes the label. A namespace that does not exist is made.
    /// </summary>
    /// <exception cref="GantryException">InvalidArgument: another path.</exception>
    Task<NamespaceInfo> UpdateAsync(NamespaceInfo info, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>Removes an empty namespace.</summary>
    /// <exception cref="GantryException">NotFound; FailedPrecondition with a list of what it still holds.</exception>
    Task DeleteAsync(Namespace name, CancellationToken cancellationToken);
}
