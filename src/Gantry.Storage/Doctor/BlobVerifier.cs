using System.Buffers;
using System.Security.Cryptography;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Doctor;

/// <summary>Holds the bytes of blobs against their digests, and sets aside files that lie.</summary>
internal sealed class BlobVerifier(ContentDirectory blobs, string root)
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
        if (blobs.BlobSize(digest) is not { } length)
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
        catch (FileNotFoundException)
        {
            // Removed meanwhile, by whoever may.
            return null;
        }
        catch (IOException e)
        {
            return $"the file can't be read: {e.Message}";
        }
    }

    /// <summary>Moves a file away, durably.</summary>
    /// <returns>Where it is now.</returns>
    public string SetAside(Digest digest)
    {
        Directory.CreateDirectory(Quarantine);
        string path = blobs.BlobPath(digest);
        string kept = Path.Combine(Quarantine, $"{digest.Algorithm}-{digest.Hex}");
        File.Move(path, kept, overwrite: true);
        FileSync.FsyncDirectory(Quarantine);
        FileSync.FsyncDirectory(Path.GetDirectoryName(path)!);
        return kept;
    }

    private async Task<Digest> HashAsync(Digest digest, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = File.OpenHandle(
            blobs.BlobPath(digest),
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            FileOptions.SequentialScan);
        using IncrementalHash hash = digest.CreateHash();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long position = 0;
            int read;
            while ((read = await RandomAccess.ReadAsync(file, buffer, position, cancellationToken)) > 0)
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
