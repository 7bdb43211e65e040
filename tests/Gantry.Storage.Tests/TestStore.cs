using System.Collections.Immutable;
using System.Text;
using Gantry.Core;
using Gantry.Core.Collection;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Xunit;

namespace Gantry.Storage.Tests;

/// <summary>A store of a test's own, which can be closed and opened again.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ContentSharing _sharing;

    private TestStore(ContentSharing sharing, bool canRebase)
    {
        _sharing = sharing;
        Driver = new DirectoryDriver(_directory["snapshots"], canRebase: canRebase);
    }

    public static IReadOnlyDictionary<string, string> NoLabels => ImmutableDictionary<string, string>.Empty;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public DirectoryDriver Driver { get; private set; }

    public SettableTime Time { get; } = new();

    public MetadataStore Store { get; private set; } = null!;

    public INamespaceScope Default => Store.In(Namespace.Default);

    public string Root => _directory.Path;

    public static async Task<TestStore> OpenAsync(
        ContentSharing sharing = ContentSharing.Shared,
        bool canRebase = true)
    {
        TestStore store = new(sharing, canRebase);
        await store.OpenStoreAsync();
        return store;
    }

    public INamespaceScope In(string ns, string? lease = null) => Store.In(Namespace.Parse(ns), lease);

    public INamespaceScope Under(string lease) => Store.In(Namespace.Default, lease);

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await OpenStoreAsync();
    }

    /// <summary>Opens the store again after it was closed by the test itself.</summary>
    public Task ReopenClosedAsync() => OpenStoreAsync();

    public Task<CollectionReport> CollectAsync() => Store.Collector.CollectAsync(Token);

    public bool HasFile(Digest digest) =>
        File.Exists(Path.Combine(Store.ContentRoot, "blobs", digest.Algorithm, digest.Hex));

    public int IngestDirectories() => Directory.GetDirectories(Path.Combine(Store.ContentRoot, "ingest")).Length;

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }

    public MetadataStoreOptions OptionsFor(string root) => new(root)
    {
        Drivers = [Driver],
        Time = Time,
        ContentSharing = _sharing,
    };

    public static IReadOnlyDictionary<string, string> Label(params (string Key, string Value)[] labels) =>
        labels.ToDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal);

    public static ImageRecord Image(string name, Digest target, params (string Key, string Value)[] labels) =>
        new(name, new Descriptor("application/vnd.oci.image.manifest.v1+json", target, 7), Label(labels));

    public static ContainerRecord Container(string id, string snapshotter = "", string key = "") => new(id)
    {
        RuntimeName = "io.containerd.runc.v2",
        Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", "{}"u8.ToArray()),
        Snapshotter = snapshotter,
        SnapshotKey = key,
    };

    public static async Task<Digest> PutAsync(
        IContentStore content,
        string text,
        params (string Key, string Value)[] labels)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Digest digest = Digest.OfBytes(bytes);
        await using IContentWriter writer = await content.OpenWriterAsync($"put-{text}", bytes.Length, digest, Token);
        if (writer.Status.Offset == 0)
        {
            await writer.WriteAsync(bytes, Token);
        }

        await writer.CommitAsync(bytes.Length, digest, Label(labels), Token);
        return digest;
    }

    public static async Task<string> ReadAsync(IContentStore content, Digest digest)
    {
        await using Stream stream = await content.OpenReaderAsync(digest, Token);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(Token);
    }

    public static async Task<GantryException> FailsAsync(ErrorKind kind, Func<Task> action)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(action);
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private async Task OpenStoreAsync() => Store = await MetadataStore.OpenAsync(OptionsFor(_directory["root"]), Token);
}
