using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Storage.Metadata;
using Gantry.Suites;
using Gantry.Testing;

namespace Gantry.Snapshotters.Tests;

/// <summary>The contract suite for a driver under the metadata store.</summary>
public abstract class StoredSnapshotterSuite : SnapshotterSuite
{
    private readonly TempDirectory _root = new();
    private ISnapshotDriver? _driver;
    private MetadataStore? _store;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        if (_driver is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        _root.Dispose();
        await base.DisposeAsync();
    }

    protected abstract ISnapshotDriver Open(string root);

    protected override async Task<ISnapshotter> OpenAsync(string ns)
    {
        _driver ??= Open(_root["driver"]);
        _store ??= await MetadataStore.OpenAsync(new MetadataStoreOptions(_root.Path) { Drivers = [_driver] }, Token);
        return _store.In(Namespace.Parse(ns)).Snapshots(_driver.Name);
    }
}
