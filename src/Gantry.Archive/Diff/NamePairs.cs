namespace Gantry.Archive.Diff;

/// <summary>Goes through two ordered lists of names as one.</summary>
internal sealed class NamePairs(IReadOnlyList<byte[]> lower, IReadOnlyList<byte[]> upper)
{
    private int _lower;
    private int _upper;

    /// <summary>The next name, and which of the lists have it; false at the end.</summary>
    internal bool TryNext(out byte[] name, out bool isLower, out bool isUpper)
    {
        bool hasLower = _lower < lower.Count;
        bool hasUpper = _upper < upper.Count;
        int order = !hasLower ? 1 : !hasUpper ? -1 : SortedNames.Compare(lower[_lower], upper[_upper]);
        isLower = hasLower && order <= 0;
        isUpper = hasUpper && order >= 0;
        name = isUpper ? upper[_upper] : isLower ? lower[_lower] : [];
        _lower += isLower ? 1 : 0;
        _upper += isUpper ? 1 : 0;
        return isLower || isUpper;
    }
}
