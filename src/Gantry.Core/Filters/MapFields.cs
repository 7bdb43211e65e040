namespace Gantry.Core.Filters;

/// <summary>Labels and annotations as fields of a filter.</summary>
internal static class MapFields
{
    /// <summary>The value whose key is the rest of a path, with its dots put back.</summary>
    public static bool TryGet(
        IReadOnlyDictionary<string, string> map,
        ReadOnlySpan<string> path,
        out string value)
    {
        string key = path.Length == 1 ? path[0] : string.Join('.', path!);
        if (map.TryGetValue(key, out string? found))
        {
            value = found;
            return true;
        }

        value = "";
        return false;
    }

    /// <summary>A field that is there when it is not empty.</summary>
    public static bool Present(string text, out string value)
    {
        value = text;
        return text.Length > 0;
    }

    /// <summary>A field that is there, even when it is empty.</summary>
    public static bool Given(string text, out string value)
    {
        value = text;
        return true;
    }

    /// <summary>A field that is not there.</summary>
    public static bool Absent(out string value)
    {
        value = "";
        return false;
    }
}
