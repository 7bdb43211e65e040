using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Images;

namespace Gantry.Transfer.Images;

/// <summary>Points names at images.</summary>
public static class ImageRecords
{
    /// <summary>Makes a name, or points it at the new target.</summary>
    /// <param name="images">The names.</param>
    /// <param name="image">The name and its target; labels are added to those that it has.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The record as it is now.</returns>
    public static async Task<ImageRecord> SetAsync(
        IImageStore images,
        ImageRecord image,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await images.CreateAsync(image, cancellationToken);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
            {
                // It is pointed at the new target below.
            }

            try
            {
                FieldMask mask = new(["target", .. image.Labels.Keys.Select(key => "labels." + key)]);
                return await images.UpdateAsync(image, mask, cancellationToken);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
            {
                // Somebody has just removed it: make it.
            }
        }
    }
}
