using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

internal static class ContentStoreExtensions
{
    /// <summary>Whether a blob is in the namespace.</summary>
    public static async Task<bool> HasAsync(
        this IContentStore content,
        Digest digest,
        CancellationToken cancellationToken) =>
        await content.FindAsync(digest, cancellationToken) is not null;

    /// <summary>What is known of a blob; null when it is not in the namespace.</summary>
    public static async Task<ContentInfo?> FindAsync(
        this IContentStore content,
        Digest digest,
        CancellationToken cancellationToken)
    {
        try
        {
            return await content.InfoAsync(digest, cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }
}
