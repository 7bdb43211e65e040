namespace Gantry.Core.Maintenance;

/// <summary>What takes the space of a daemon's root directory.</summary>
/// <param name="Areas">The parts; together they are what du(1) says of the root.</param>
/// <param name="Images">The images, by namespace and name.</param>
/// <param name="Snapshots">The snapshots, the largest first.</param>
public sealed record SpaceReport(
    IReadOnlyList<AreaSpace> Areas,
    IReadOnlyList<ImageSpace> Images,
    IReadOnlyList<SnapshotSpace> Snapshots);
