using Gantry.Core.Mounts;

namespace Gantry.Runtime.Mounts;

/// <summary>Which of a list of mounts are made here, and what is done to each before.</summary>
/// <param name="Mounts">All of them, in order.</param>
/// <param name="Count">How many of them are made here; what follows is left to the caller.</param>
/// <param name="Needed">False when nothing is to be done to any of them.</param>
internal sealed record MountPlan(IReadOnlyList<PlannedMount> Mounts, int Count, bool Needed)
{
    /// <summary>Makes a plan.</summary>
    /// <param name="mounts">The mounts.</param>
    /// <param name="temporary">All of them are made here.</param>
    /// <param name="transforms">What prefixes of types stand for.</param>
    /// <param name="isHandled">Whether mounts of a type are made here, whatever comes after.</param>
    public static MountPlan Make(
        IReadOnlyList<Mount> mounts,
        bool temporary,
        IReadOnlyDictionary<string, IMountTransform> transforms,
        Predicate<string> isHandled)
    {
        List<PlannedMount> planned = [];
        int count = 0;
        bool needed = temporary && mounts.Count > 0;
        for (int i = 0; i < mounts.Count; i++)
        {
            PlannedMount mount = Plan(mounts[i], transforms);
            planned.Add(mount);
            if (isHandled(mount.Mount.Type))
            {
                count = i + 1;
                needed = true;
            }
            else if (mount.Transforms.Count > 0)
            {
                // What is before it must be there for it to be filled in; it can be left to the caller itself.
                count = i;
                needed = true;
            }
        }

        return new MountPlan(planned, temporary ? mounts.Count : count, needed);
    }

    private static PlannedMount Plan(Mount mount, IReadOnlyDictionary<string, IMountTransform> transforms)
    {
        List<IMountTransform> found = [];
        string type = mount.Type;
        for (int slash = type.IndexOf('/', StringComparison.Ordinal);
            slash >= 0 && transforms.TryGetValue(type[..slash], out IMountTransform? transform);
            slash = type.IndexOf('/', StringComparison.Ordinal))
        {
            found.Add(transform);
            type = type[(slash + 1)..];
        }

        return new PlannedMount(mount with { Type = type }, found);
    }
}
