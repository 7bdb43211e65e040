using Gantry.Core.Content;
using Gantry.Core.Namespaces;
using Gantry.Storage.Metadata;
using Gantry.Testing;

namespace Gantry.Suites.Tests;

public sealed class LocalContentStoreTests : ContentStoreSuite
{
    private readonly TempDirectory _root = new();
    private MetadataStore? _store;

    public override async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _root.Dispose();
        await base.DisposeAsync();
    }

    protected override async Task<IContentStore> OpenAsync(string ns)
    {
        _store ??= await MetadataStore.OpenAsync(new MetadataStoreOptions(_root.Path), Token);
        return _store.In(Namespace.Parse(ns)).Content;
    }
}
