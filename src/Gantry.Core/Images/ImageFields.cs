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
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "name" => MapFields.Present(image.Name, out value),
            "target" when path.Length > 1 && path[1] == "digest" =>
                MapFields.Present(image.Target.Digest.ToString(), out value),
            "target" when path.Length > 1 && path[1] == "mediatype" =>
                MapFields.Present(image.Target.MediaType, out value),
            "labels" => MapFields.TryGet(image.Labels, path[1..], out value),
            "annotations" => MapFields.TryGet(image.Target.Annotations, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
