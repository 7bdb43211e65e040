using System.Globalization;
using System.Runtime.CompilerServices;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Content;

/// <summary>
/// The content on disk, for all namespaces: finished blobs by digest, and ingests by the hash of their backend ref.
/// <code>
/// blobs/ALGORITHM/HEX
/// ingest/SHA256-OF-BACKEND-REF/{ref,data,startedat,updatedat,total}
/// </code>
/// </summary>
internal sealed class ContentDirectory : IBlobStore
{
    /// <summary>Its name in the daemon's root.</summary>
    public const string Name = "io.containerd.content.v1.content";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    // Read only, for all: 0444.
    private const uint BlobMode = 0x124;

    private static readonly string[] Algorithms = ["sha256", "sha512"];

    private readonly string _blobs;
    private readonly string _ingests;

    /// <summary>Opens the directory, making what is missing.</summary>
    public ContentDirectory(string root)
    {
        Root = root;
        _blobs = Path.Combine(root, "blobs");
        _ingests = Path.Combine(root, "ingest");
        Directory.CreateDirectory(_ingests);
        foreach (string algorithm in Algorithms)
        {
            Directory.CreateDirectory(Path.Combine(_blobs, algorithm));
        }

        FileSync.FsyncDirectory(_blobs);
        FileSync.FsyncDirectory(root);
    }

    /// <summary>Its path.</summary>
    public string Root { get; }

    /// <summary>The path of a blob.</summary>
    public string BlobPath(Digest digest) => Path.Combine(_blobs, digest.Algorithm, digest.Hex);

    /// <summary>The size of a blob on disk; null when it is not there.</summary>
    public long? BlobSize(Digest digest)
    {
        FileInfo file = new(BlobPath(digest));
        return file.Exists ? file.Length : null;
    }

    /// <summary>Makes data the blob of a digest, durably.</summary>
    /// <param name="data">The data, open for writing.</param>
    /// <param name="dataPath">Its path.</param>
    /// <param name="digest">The digest, which was checked.</param>
    public void Publish(SafeFileHandle data, string dataPath, Digest digest)
    {
        Permissions.Set(data, BlobMode);
        FileSync.Fsync(data);
        string path = BlobPath(digest);
        // A file that is there already is replaced: these bytes were checked a moment ago, those long before.
        File.Move(dataPath, path, overwrite: true);
        FileSync.FsyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>All blobs on disk.</summary>
    public IEnumerable<Digest> ListBlobs()
    {
        foreach (string algorithm in Algorithms)
        {
            foreach (string path in Directory.EnumerateFiles(Path.Combine(_blobs, algorithm)))
            {
                if (Digest.TryParse($"{algorithm}:{Path.GetFileName(path)}", out Digest digest))
                {
                    yield return digest;
                }
            }
        }
    }

    /// <summary>The directories of all ingests on disk.</summary>
    public IEnumerable<string> ListIngests() => Directory.EnumerateDirectories(_ingests);

    /// <summary>The directory of an ingest.</summary>
    public string IngestPath(string backend) => IngestFiles.PathOf(Root, backend);

    /// <summary>The data of an ingest.</summary>
    public string DataPath(string backend) => Path.Combine(IngestPath(backend), "data");

    /// <summary>Makes the directory of an ingest anew, without anything in it.</summary>
    public void CreateIngest(string backend)
    {
        RemoveIngest(backend);
        Directory.CreateDirectory(IngestPath(backend));
    }

    /// <summary>Adds to the directory of an ingest, if it is still there, the files that tell an operator what it is.</summary>
    public void DescribeIngest(string backend, long total, DateTimeOffset started)
    {
        string path = IngestPath(backend);
        if (!Directory.Exists(path))
        {
            return;
        }

        File.WriteAllText(Path.Combine(path, "ref"), backend);
        WriteTime(path, "startedat", started);
        WriteTime(path, "updatedat", started);
        if (total > 0)
        {
            File.WriteAllText(Path.Combine(path, "total"), total.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Notes when an ingest was last written, if it is still there.</summary>
    public void TouchIngest(string backend)
    {
        if (ReadIngest(backend) is { } state)
        {
            WriteTime(IngestPath(backend), "updatedat", state.UpdatedAt);
        }
    }

    /// <summary>How far an ingest without a writer has come; null when its directory is not whole.</summary>
    public BlobIngestState? ReadIngest(string backend)
    {
        FileInfo data = new(DataPath(backend));
        return data.Exists
            ? new BlobIngestState(data.Length, new DateTimeOffset(data.LastWriteTimeUtc))
            : null;
    }

    /// <summary>Removes the directory of an ingest, if it is there.</summary>
    public void RemoveIngest(string backend)
    {
        string path = IngestPath(backend);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <inheritdoc/>
    ValueTask<long?> IBlobStore.FindSizeAsync(Digest digest, CancellationToken cancellationToken) =>
        ValueTask.FromResult(BlobSize(digest));

    /// <inheritdoc/>
    ValueTask<Stream> IBlobStore.OpenAsync(Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            return ValueTask.FromResult<Stream>(new FileStream(
                BlobPath(digest),
                new FileStreamOptions
                {
                    Mode = FileMode.Open,
                    Access = FileAccess.Read,
                    Share = FileShare.ReadWrite | FileShare.Delete,
                    Options = FileOptions.Asynchronous,
                    BufferSize = 0,
                }));
        }
        catch (FileNotFoundException e)
        {
            throw new GantryException(ErrorKind.NotFound, $"content digest {digest}: blob not found", e);
        }
    }

    /// <inheritdoc/>
    async IAsyncEnumerable<Digest> IBlobStore.ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What takes a while must not run on the caller's time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        foreach (Digest digest in ListBlobs())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return digest;
        }
    }

    /// <inheritdoc/>
    ValueTask IBlobStore.RemoveAsync(Digest digest, CancellationToken cancellationToken)
    {
        File.Delete(BlobPath(digest));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    async ValueTask<IBlobIngest> IBlobStore.OpenIngestAsync(
        BlobIngestInfo ingest,
        bool resume,
        CancellationToken cancellationToken) =>
        await LocalIngest.OpenAsync(this, ingest, resume, cancellationToken);

    /// <inheritdoc/>
    ValueTask<BlobIngestState?> IBlobStore.FindIngestAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(ReadIngest(name));

    /// <inheritdoc/>
    ValueTask IBlobStore.RemoveIngestAsync(string name, CancellationToken cancellationToken)
    {
        RemoveIngest(name);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    ValueTask IBlobStore.RemoveIngestsExceptAsync(
        Func<IEnumerable<string>> known,
        CancellationToken cancellationToken)
    {
        string[] paths = Directory.GetDirectories(_ingests);
        HashSet<string> kept = known().Select(IngestPath).ToHashSet(StringComparer.Ordinal);
        foreach (string path in paths)
        {
            if (!kept.Contains(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }

        return ValueTask.CompletedTask;
    }

    private static void WriteTime(string directory, string name, DateTimeOffset time) =>
        File.WriteAllText(
            Path.Combine(directory, name),
            time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
}
