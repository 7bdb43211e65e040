using Gantry.Core.Errors;
using Gantry.Core.Filters;

namespace Gantry.Storage.Metadata;

/// <summary>Filters of images, containers and leases, whose errors name their class once more, as in containerd.</summary>
internal static class StoreFilter
{
    /// <inheritdoc cref="Filter.Parse"/>
    public static Filter Parse(IReadOnlyList<string> filters)
    {
        try
        {
            return Filter.Parse(filters);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"{e.Message}: {e.Kind.Sentence()}", e);
        }
    }
}
