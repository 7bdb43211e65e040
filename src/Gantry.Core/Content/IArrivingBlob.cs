namespace Gantry.Core.Content;

/// <summary>A blob that is on its way into the content store, and can be read meanwhile.</summary>
public interface IArrivingBlob
{
    /// <summary>Ends when the blob is in the store, its digest checked and its bytes durable; fails when it won't be.</summary>
    Task Whole { get; }

    /// <summary>
    /// Reads it from its start. Reading waits for bytes that have not come yet. The end is told only after
    /// <see cref="Whole"/> has ended well, and otherwise what it failed of: who has come to the end has read the blob.
    /// </summary>
    Stream Open();
}
