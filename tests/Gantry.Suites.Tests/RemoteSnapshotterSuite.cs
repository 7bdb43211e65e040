using Gantry.Core.Snapshots;

namespace Gantry.Suites.Tests;

/// <summary>The contract suite for a snapshotter of a daemon, through the client.</summary>
public abstract class RemoteSnapshotterSuite(DaemonFixture fixture, string snapshotter) : SnapshotterSuite
{
    // The local implementations are held to a hundred layers.
    protected override int Depth => 20;

    protected override async Task<ISnapshotter> OpenAsync(string ns) =>
        (await fixture.OpenAsync(ns)).Snapshots(snapshotter);
}
