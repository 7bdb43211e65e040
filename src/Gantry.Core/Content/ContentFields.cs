using System.Globalization;
using Gantry.Core.Filters;

namespace Gantry.Core.Content;

/// <summary>What a filter can ask of a blob: <c>digest</c>, <c>size</c>, <c>labels.KEY</c>.</summary>
/// <param name="content">The object.</param>
public sealed class ContentFields(ContentInfo content) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "digest" => MapFields.Present(content.Digest.ToString(), out value),
            "size" => MapFields.Present(content.Size.ToString(CultureInfo.InvariantCulture), out value),
            "labels" => MapFields.TryGet(content.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
