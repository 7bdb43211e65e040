using System.Buffers;
using System.Security.Cryptography;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Storage.Content;

namespace Gantry.Storage.Doctor;

/// <summary>Holds the bytes of blobs against their digests, and sets aside those that lie.</summary>
internal sealed class BlobVerifier(IBlobStore blobs, string root)
{
    private const string QuarantineName = "quarantine";
    private const int BufferSize = 1 << 20;

    /// <summary>Where files are set aside.</summary>
    public string Quarantine { get; } = Path.Combine(root, QuarantineName);

    /// <summary>How many bytes were read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>What is the matter with a blob; null when nothing is, or there is no file.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="expectedSize">The size of its record; null to look at the bytes alone.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <param name="quick">Whether to leave out the bytes.</param>
    public async Task<string?> ProblemAsync(
        Digest digest,
        long? expectedSize,
        CancellationToken cancellationToken,
        bool quick = false)
    {
        if (await blobs.FindSizeAsync(digest, cancellationToken) is not { } length)
        {
            return null;
        }

        if (expectedSize is { } size && length != size)
        {
            return $"the file has {length} bytes, its record says {size}";
        }

        try
        {
            return quick || await HashAsync(digest, cancellationToken) == digest
                ? null
                : "the bytes are not those of the digest";
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // Removed meanwhile, by whoever may.
            return null;
        }
        catch (IOException e)
        {
            return $"the file can't be read: {e.Message}";
        }
    }

    /// <summary>Moves a file away, durably. What a proxy keeps is removed there: it could not be moved.</summary>
    /// <returns>Where it is now.</returns>
    public async Task<string> SetAsideAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (blobs is not ContentDirectory directory)
        {
            await blobs.RemoveAsync(digest, cancellationToken);
            return "nothing";
        }

        Directory.CreateDirectory(Quarantine);
        string path = directory.BlobPath(digest);
        string kept = Path.Combine(Quarantine, $"{digest.Algorithm}-{digest.Hex}");
        File.Move(path, kept, overwrite: true);
        FileSync.FsyncDirectory(Quarantine);
        FileSync.FsyncDirectory(Path.GetDirectoryName(path)!);
        return kept;
    }

    private async Task<Digest> HashAsync(Digest digest, CancellationToken cancellationToken)
    {
        await using Stream blob = await blobs.OpenAsync(digest, cancellationToken);
        using IncrementalHash hash = digest.CreateHash();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long position = 0;
            int read;
            while ((read = await blob.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                position += read;
            }

            BytesRead += position;
            return Digest.FromHash(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
