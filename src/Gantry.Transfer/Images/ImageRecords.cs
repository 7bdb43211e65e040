using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Images;

namespace Gantry.Transfer.Images;

/// <summary>Points names at images.</summary>
internal static class ImageRecords
{
    /// <summary>Makes a name, or points it at the new target.</summary>
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
