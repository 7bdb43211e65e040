using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;

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

    /// <summary>
    /// Shows blobs of a namespace that match any of the filters, by digest: a part of the list, as of one moment.
    /// </summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="filters">The filters.</param>
    /// <param name="after">Where the last part ended; empty for the first.</param>
    /// <param name="visit">Gets the blobs.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Where this part ended; null when it was the last.</returns>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    string? Content(
        Namespace ns,
        IReadOnlyList<string> filters,
        string after,
        RecordVisitor<ContentView> visit,
        CancellationToken cancellationToken);

    /// <summary>Shows snapshots by name, in parts as <see cref="Content"/> does.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="filters">The filters.</param>
    /// <param name="after">Where the last part ended; empty for the first.</param>
    /// <param name="visit">Gets the snapshots.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Where this part ended; null when it was the last.</returns>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed, or the snapshotter is not loaded.</exception>
    string? Snapshots(
        Namespace ns,
        string snapshotter,
        IReadOnlyList<string> filters,
        string after,
        RecordVisitor<SnapshotView> visit,
        CancellationToken cancellationToken);
}
