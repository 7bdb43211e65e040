using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Suites;

/// <summary>
/// What <see cref="IContentStore"/> and <see cref="IContentWriter"/> promise, whatever is behind them; see
/// <see cref="SnapshotterSuite"/>.
/// </summary>
public abstract partial class ContentStoreSuite : IAsyncLifetime
{
    private string _namespace = "";
    private IContentStore? _content;

    /// <summary>Whether it is the reference.</summary>
    protected virtual bool IsReference => false;

    /// <summary>No labels.</summary>
    protected static IReadOnlyDictionary<string, string> NoLabels => ImmutableDictionary<string, string>.Empty;

    /// <summary>The token of the test.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The store, in a namespace where nothing is yet.</summary>
    protected IContentStore Content => _content!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        _namespace = NewNamespace();
        _content = await OpenAsync(_namespace);
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A name that no other test has.</summary>
    protected static string NewNamespace() => $"t{Guid.NewGuid():N}";

    /// <summary>The store as a namespace sees it, under a lease where what is unused would be collected.</summary>
    /// <param name="ns">The namespace.</param>
    protected abstract Task<IContentStore> OpenAsync(string ns);

    /// <summary>Labels.</summary>
    protected static IReadOnlyDictionary<string, string> Label(params (string Key, string Value)[] labels) =>
        labels.ToDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal);

    /// <summary>Bytes that no other test has.</summary>
    protected static byte[] NewBytes(int count) => RandomNumberGenerator.GetBytes(count);

    /// <summary>Sees to it that something fails as it should.</summary>
    protected static async Task FailsAsync(ErrorKind kind, string pattern, Func<Task> action)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(action);
        Assert.Equal(kind, error.Kind);
        Assert.Matches(pattern, error.Message);
    }

    /// <summary>Stores a blob.</summary>
    protected static async Task<Digest> PutAsync(
        IContentStore content,
        byte[] data,
        params (string Key, string Value)[] labels)
    {
        Digest digest = Digest.OfBytes(data);
        await using IContentWriter writer = await content.OpenWriterAsync($"put {digest}", data.Length, digest, Token);
        await writer.WriteAsync(data, Token);
        await writer.CommitAsync(data.Length, digest, Label(labels), Token);
        return digest;
    }

    /// <summary>All bytes of a blob.</summary>
    protected static async Task<byte[]> ReadAsync(IContentStore content, Digest digest)
    {
        await using Stream stream = await content.OpenReaderAsync(digest, Token);
        using MemoryStream read = new();
        await stream.CopyToAsync(read, Token);
        return read.ToArray();
    }

    /// <summary>The digests that filters find.</summary>
    protected async Task<IReadOnlySet<Digest>> FindAsync(params string[] filters)
    {
        HashSet<Digest> found = [];
        await foreach (ContentInfo info in Content.ListAsync(filters, Token))
        {
            Assert.True(found.Add(info.Digest));
        }

        return found;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
