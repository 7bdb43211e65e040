using System.Buffers;
using System.Security.Cryptography;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Content;

/// <summary>The file of an ingest. Bytes are hashed while they are written.</summary>
internal sealed class LocalIngest : IBlobIngest
{
    private const int BufferSize = 1 << 20;
    private const int InlineWriteSize = 32 * 1024;

    /// <summary>An ingest with fewer bytes is seen by an operator only when it is left behind.</summary>
    private const int DescribedSize = 256 * 1024;

    private readonly ContentDirectory _directory;
    private readonly BlobIngestInfo _ingest;
    private readonly SafeFileHandle _file;
    private IncrementalHash _hash;
    private long _offset;
    private DateTimeOffset _updatedAt;
    private bool _described;
    private bool _published;

    private LocalIngest(ContentDirectory directory, BlobIngestInfo ingest)
    {
        _directory = directory;
        _ingest = ingest;
        _updatedAt = ingest.StartedAt;
        _hash = IncrementalHash.CreateHash(AlgorithmOf(ingest.Expected));
        _file = File.OpenHandle(
            directory.DataPath(ingest.Name),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete,
            FileOptions.Asynchronous);
    }

    /// <inheritdoc/>
    public BlobIngestState State => new(_offset, _updatedAt);

    /// <summary>Opens it.</summary>
    public static async ValueTask<LocalIngest> OpenAsync(
        ContentDirectory directory,
        BlobIngestInfo ingest,
        bool resume,
        CancellationToken cancellationToken)
    {
        if (!resume || directory.ReadIngest(ingest.Name) is not { } state)
        {
            directory.CreateIngest(ingest.Name);
            return new LocalIngest(directory, ingest);
        }

        LocalIngest opened = new(directory, ingest);
        try
        {
            opened._offset = await opened.HashFileAsync(state.Offset, cancellationToken);
            opened._updatedAt = state.UpdatedAt;
            opened.Describe();
            return opened;
        }
        catch
        {
            opened.Close();
            throw;
        }
    }

    /// <inheritdoc/>
    public Digest CurrentDigest() => _hash.AlgorithmName == HashAlgorithmName.SHA512
        ? Digest.Parse("sha512:" + Convert.ToHexStringLower(_hash.GetCurrentHash()))
        : Digest.FromSha256(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (!_described && _offset + data.Length >= DescribedSize)
        {
            Describe();
        }

        if (data.Length > InlineWriteSize)
        {
            return WriteLargeAsync(data);
        }

        RandomAccess.Write(_file, data.Span, _offset);
        _hash.AppendData(data.Span);
        _offset += data.Length;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IIngestReader? OpenReader() => new LocalIngestReader(_directory.DataPath(_ingest.Name));

    /// <inheritdoc/>
    public async ValueTask<Digest> DigestAsync(Digest like, CancellationToken cancellationToken)
    {
        if (!like.IsEmpty && AlgorithmOf(like) != _hash.AlgorithmName)
        {
            _hash.Dispose();
            _hash = IncrementalHash.CreateHash(AlgorithmOf(like));
            await HashFileAsync(_offset, cancellationToken);
        }

        return CurrentDigest();
    }

    /// <inheritdoc/>
    public ValueTask PublishAsync(Digest digest)
    {
        try
        {
            _directory.Publish(_file, _directory.DataPath(_ingest.Name), digest);
            _published = true;
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new GantryException(ErrorKind.NotFound, $"ingest {_ingest.Name}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Close();
        if (!_published)
        {
            if (!_described)
            {
                Describe();
            }

            _directory.TouchIngest(_ingest.Name);
        }

        return ValueTask.CompletedTask;
    }

    private static HashAlgorithmName AlgorithmOf(Digest digest) =>
        digest.Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    private async ValueTask WriteLargeAsync(ReadOnlyMemory<byte> data)
    {
        ValueTask write = RandomAccess.WriteAsync(_file, data, _offset, CancellationToken.None);
        try
        {
            _hash.AppendData(data.Span);
        }
        finally
        {
            await write;
        }

        _offset += data.Length;
    }

    /// <summary>Feeds the hash with the file's first bytes.</summary>
    /// <returns>How many there are.</returns>
    private async Task<long> HashFileAsync(long length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long position = 0;
            while (position < length)
            {
                int wanted = (int)Math.Min(buffer.Length, length - position);
                int read = await RandomAccess.ReadAsync(_file, buffer.AsMemory(0, wanted), position, cancellationToken);
                if (read == 0)
                {
                    break;
                }

                _hash.AppendData(buffer, 0, read);
                position += read;
            }

            return position;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Describe()
    {
        _directory.DescribeIngest(_ingest.Name, _ingest.Total, _ingest.StartedAt);
        _described = true;
    }

    private void Close()
    {
        _file.Dispose();
        _hash.Dispose();
    }
}
