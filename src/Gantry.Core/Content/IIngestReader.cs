namespace Gantry.Core.Content;

/// <summary>
/// Reads the bytes of an ingest while it is being written, and afterwards, when it has become a blob. Nothing is known yet
/// of whether they are the right ones. May be used by many callers at once.
/// </summary>
public interface IIngestReader : IDisposable
{
    /// <summary>Reads bytes that were written.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="offset">From where.</param>
    /// <returns>How many; 0 where nothing is written yet.</returns>
    int Read(Span<byte> buffer, long offset);
}
