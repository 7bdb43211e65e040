using System.Globalization;
using Gantry.Core.Errors;

namespace Gantry.Snapshotters.Overlay;

/// <summary>
/// What the labels <c>containerd.io/snapshot/uidmapping</c> and <c>…/gidmapping</c> say: ranges
/// <c>CONTAINER:HOST:LENGTH</c>, joined by commas.
/// </summary>
/// <param name="Uids">The text of the first.</param>
/// <param name="Gids">The text of the second.</param>
/// <param name="RootUid">The host's id of the container's user 0.</param>
/// <param name="RootGid">The host's id of the container's group 0.</param>
internal sealed record IdMapping(string Uids, string Gids, uint RootUid, uint RootGid)
{
    private const string UidLabel = "containerd.io/snapshot/uidmapping";
    private const string GidLabel = "containerd.io/snapshot/gidmapping";

    /// <summary>The kernel takes no more lines in a map.</summary>
    private const int MaxRanges = 340;

    /// <summary>Reads the labels.</summary>
    /// <returns>Null when they ask for no mapping.</returns>
    /// <exception cref="GantryException">InvalidArgument: they can't be understood, or only one of them is there.</exception>
    public static IdMapping? Of(IReadOnlyDictionary<string, string> labels)
    {
        string uids = labels.GetValueOrDefault(UidLabel, "");
        string gids = labels.GetValueOrDefault(GidLabel, "");
        return uids.Length == 0 && gids.Length == 0
            ? null
            : new IdMapping(uids, gids, HostOfRoot(UidLabel, uids), HostOfRoot(GidLabel, gids));
    }

    /// <summary>The options of the mount that maps.</summary>
    public IEnumerable<string> MountOptions() => [$"uidmap={Uids}", $"gidmap={Gids}"];

    private static uint HostOfRoot(string label, string text)
    {
        string[] ranges = text.Split(',');
        uint? root = null;
        foreach (string range in ranges)
        {
            if (range.Split(':') is not [var inside, var outside, var count]
                || !TryParse(inside, out uint container) || !TryParse(outside, out uint host)
                || !TryParse(count, out uint length) || length == 0
                || (ulong)container + length > uint.MaxValue || (ulong)host + length > uint.MaxValue
                || ranges.Length > MaxRanges)
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument,
                    $"label {label}: \"{text}\" is no list of CONTAINER:HOST:LENGTH");
            }

            root = container == 0 ? host : root;
        }

        return root ?? throw new GantryException(
            ErrorKind.InvalidArgument,
            $"label {label}: \"{text}\" maps no id 0");
    }

    private static bool TryParse(string text, out uint value) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
