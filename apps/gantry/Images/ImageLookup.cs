using Gantry.Cli.CommandLine;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Images;

/// <summary>Finds images by what people call them.</summary>
internal static class ImageLookup
{
    /// <summary>
    /// The image of a name. <c>busybox</c> stands for <c>docker.io/library/busybox:latest</c>, unless there is an image
    /// that is called just so.
    /// </summary>
    /// <exception cref="GantryException">NotFound.</exception>
    public static async Task<ImageRecord> FindAsync(Session session, string name)
    {
        IImageStore images = session.Scope.Images;
        string full = FullName(name);
        try
        {
            return await images.GetAsync(full, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound && full != name)
        {
            return await images.GetAsync(name, session.Token);
        }
    }

    /// <summary>The image of a name, read down to its config; it is pulled if it, or a part of it, is not there.</summary>
    public static async Task<ResolvedImage> FindOrPullAsync(Session session, string name, ImageRequest request)
    {
        ImageReader reader = new(session.Scope);
        try
        {
            return await reader.ReadAsync(await FindAsync(session, name), request.Platform, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            Reference pulled = await Puller.PullAsync(session, name, request);
            ImageRecord image = await session.Scope.Images.GetAsync(pulled.ToString(), session.Token);
            return await reader.ReadAsync(image, request.Platform, session.Token);
        }
    }

    private static string FullName(string name) =>
        Reference.TryParseFamiliar(name, out Reference? reference, out _) ? reference!.ToString() : name;
}
