using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gantry.Storage.Content;

/// <summary>The files of an ingest: <c>ref</c>, <c>data</c>, <c>startedat</c>, <c>updatedat</c> and <c>total</c>.</summary>
/// <param name="contentRoot">The directory of the content store.</param>
/// <param name="backend">The ingest's name on disk.</param>
internal sealed class IngestFiles(string contentRoot, string backend)
{
    private const int MaxTextLength = 4096;

    private readonly string _path = PathOf(contentRoot, backend);

    /// <summary>Whether they are those of this ingest, and there is data.</summary>
    public bool AreWhole => File.Exists(Path.Combine(_path, "data")) && Text("ref") == backend;

    /// <summary>The size that the blob is to have; 0 when that is not known.</summary>
    public long Total =>
        long.TryParse(Text("total"), NumberStyles.None, CultureInfo.InvariantCulture, out long total) ? total : 0;

    /// <summary>When it was begun.</summary>
    public DateTimeOffset StartedAt => DateTimeOffset.TryParse(
        Text("startedat"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUniversalTime()
            : new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(_path, "ref")));

    /// <summary>The directory of an ingest.</summary>
    public static string PathOf(string contentRoot, string backend) => Path.Combine(
        contentRoot, "ingest", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(backend))));

    private string Text(string name)
    {
        FileInfo file = new(Path.Combine(_path, name));
        return file.Exists && file.Length <= MaxTextLength ? File.ReadAllText(file.FullName) : "";
    }
}
