using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;

namespace Gantry.Core.Metadata;

/// <summary>
/// Long lists without an object for each record: what is in them is shown as it is stored, one record after the other,
/// as of one moment. The stores of <see cref="INamespaceScope"/> list the same records.
/// </summary>
public interface IRecordScan
{
    /// <summary>Shows the containers of a namespace that match any of the filters, by id.</summary>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    void Containers(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<ContainerView> visit,
        CancellationToken cancellationToken);

    /// <summary>Shows the images of a namespace that match any of the filters, by name.</summary>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    void Images(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<ImageView> visit,
        CancellationToken cancellationToken);

    /// <summary>Shows the leases of a namespace that match any of the filters, by id.</summary>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    void Leases(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<LeaseView> visit,
        CancellationToken cancellationToken);
}
