using Gantry.Core.Errors;

namespace Gantry.Core.Leases;

/// <summary>The leases of one namespace.</summary>
public interface ILeaseStore
{
    /// <summary>Makes a lease.</summary>
    /// <param name="id">Its id; empty: one is made up.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">AlreadyExists; InvalidArgument for a label that is too long.</exception>
    Task<Lease> CreateAsync(
        string id,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>Removes a lease, and with <paramref name="synchronous"/> returns only after a collection has run.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task DeleteAsync(string id, bool synchronous, CancellationToken cancellationToken);

    /// <summary>All leases that match any of the filters, by id.</summary>
    Task<IReadOnlyList<Lease>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Adds a resource to a lease; adding it again changes nothing.</summary>
    /// <exception cref="GantryException">NotFound: no such lease; NotImplemented: no such type.</exception>
    Task AddResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken);

    /// <summary>Takes a resource from a lease; one that is not there changes nothing.</summary>
    /// <exception cref="GantryException">NotFound: no such lease; NotImplemented: no such type.</exception>
    Task RemoveResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken);

    /// <summary>What a lease keeps.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken);
}
