using Gantry.Core.Filters;

namespace Gantry.Core.Images;

/// <summary>
/// What a filter can ask of an image: <c>name</c>, <c>target.digest</c>, <c>target.mediatype</c>,
/// <c>labels.KEY</c>, <c>annotations.KEY</c>.
/// </summary>
/// <param name="image">The object.</param>
public sealed class ImageFields(ImageRecord image) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        if (path.IsEmpty)
        {
            return MapFields.Absent(out value);
        }

        switch (path[0])
        {
            case "name":
                return MapFields.Present(image.Name, out value);
            case "target" when path.Length > 1 && path[1] == "digest":
                return MapFields.Present(image.Target.Digest.ToString(), out value);
            case "target" when path.Length > 1 && path[1] == "mediatype":
                return MapFields.Present(image.Target.MediaType, out value);
            case "labels":
                return MapFields.TryGet(image.Labels, path[1..], out value);
            case "annotations":
                return MapFields.TryGet(image.Target.Annotations, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
