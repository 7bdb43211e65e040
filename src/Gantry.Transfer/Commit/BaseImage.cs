using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Commit;

/// <summary>Finds the image that a snapshot came from.</summary>
public static class BaseImage
{
    /// <summary>
    /// The image whose layers make a chain: the one of the name given, if it still does, or else any other. A name may
    /// point at a newer image by now.
    /// </summary>
    /// <param name="scope">The namespace.</param>
    /// <param name="name">The name of the image then; empty when it is not known.</param>
    /// <param name="chain">The chain id, which is the name of the snapshot's parent; empty for none.</param>
    /// <param name="platform">What it is to run on.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="GantryException">NotFound: there is none.</exception>
    public static async Task<ResolvedImage> FindAsync(
        INamespaceScope scope,
        string name,
        string chain,
        PlatformMatcher platform,
        CancellationToken cancellationToken)
    {
        ImageReader reader = new(scope);
        IReadOnlyList<ImageRecord> images = await scope.Images.ListAsync([], cancellationToken);
        foreach (ImageRecord record in images.OrderBy(image => image.Name == name ? 0 : 1))
        {
            try
            {
                ResolvedImage image = await reader.ReadAsync(record, platform, cancellationToken);
                if (image.ChainId.ToString() == chain)
                {
                    return image;
                }
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
            {
                // It is not all here, or is something else than an image that can be run.
                continue;
            }
        }

        throw new GantryException(
            ErrorKind.NotFound,
            name.Length > 0
                ? $"image \"{name}\" as it was: no image has the layers {chain}"
                : $"no image has the layers {chain}");
    }
}
