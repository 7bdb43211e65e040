using Gantry.Core.Content;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Content;

/// <summary>Reads the file of an ingest; a file keeps its bytes when it gets the name of a blob.</summary>
/// <param name="path">The file.</param>
internal sealed class LocalIngestReader(string path) : IIngestReader
{
    private readonly SafeFileHandle _file = File.OpenHandle(
        path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_file, buffer, offset);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
