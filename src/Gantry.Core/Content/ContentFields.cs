using Gantry.Core.Filters;

namespace Gantry.Core.Content;

/// <summary>What a filter can ask of a blob: <c>digest</c>, <c>size</c>, <c>labels.KEY</c>.</summary>
/// <param name="content">The object.</param>
public sealed class ContentFields(ContentInfo content) : IFieldSource
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
            case "digest":
                return MapFields.Present(content.Digest.ToString(), out value);
            case "size":
                value = content.Size.ToString(System.Globalization.CultureInfo.InvariantCulture);
                return true;
            case "labels":
                return MapFields.TryGet(content.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
