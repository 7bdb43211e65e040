namespace Gantry.Oci.Image;

/// <summary>
/// Which platforms will do, best first. Variants of ARM and x86-64 run what was made for lower ones, and a 64-bit x86
/// or ARM processor what was made for its 32-bit kin; so the default takes those too, after an exact match.
/// </summary>
public sealed class PlatformMatcher
{
    private readonly IReadOnlyList<Platform>? _ordered;

    private PlatformMatcher(IReadOnlyList<Platform>? ordered) => _ordered = ordered;

    /// <summary>What this machine runs.</summary>
    public static PlatformMatcher Default { get; } = Only(Platform.Current);

    /// <summary>Every platform, all equally good.</summary>
    public static PlatformMatcher All { get; } = new(null);

    /// <summary>What a machine of that platform runs.</summary>
    /// <param name="platform">Any platform.</param>
    public static PlatformMatcher Only(Platform platform) => new(Vector(platform));

    /// <summary>What a machine of any of those platforms runs, in their order.</summary>
    /// <param name="platforms">Platforms, best first.</param>
    public static PlatformMatcher Any(IEnumerable<Platform> platforms) => new([.. platforms.SelectMany(Vector)]);

    /// <summary>Whether a platform will do.</summary>
    /// <param name="platform">Any platform.</param>
    public bool Matches(Platform platform) => Rank(platform) is not null;

    /// <summary>How good a platform is: 0 is best; null when it will not do.</summary>
    /// <param name="platform">Any platform.</param>
    public int? Rank(Platform platform)
    {
        if (_ordered is null)
        {
            return 0;
        }

        Platform normal = platform.Normalize();
        for (int i = 0; i < _ordered.Count; i++)
        {
            Platform wanted = _ordered[i];
            if (wanted.Os == normal.Os && wanted.Architecture == normal.Architecture && wanted.Variant == normal.Variant)
            {
                return i;
            }
        }

        return null;
    }

    private static List<Platform> Vector(Platform platform)
    {
        Platform first = platform.Normalize();
        List<Platform> vector = [first];
        switch (first.Architecture)
        {
            case "amd64":
                AddLowerVariants(vector, first, lowest: 2);
                if (first.Variant.Length > 0)
                {
                    vector.Add(first with { Variant = "" });
                }

                vector.Add(first with { Architecture = "386", Variant = "" });
                break;

            case "arm":
                AddLowerVariants(vector, first, lowest: 5);
                break;

            case "arm64":
                AddLowerVariants(vector, first, lowest: 8);
                Platform arm = first with { Architecture = "arm", Variant = "v8" };
                vector.Add(arm);
                AddLowerVariants(vector, arm, lowest: 5);
                break;
        }

        return vector;
    }

    private static void AddLowerVariants(List<Platform> vector, Platform greatest, int lowest)
    {
        // A variant is v and one digit; more than that is none that is known to include lower ones.
        if (greatest.Variant.Length != 2 || greatest.Variant[0] != 'v' || !char.IsAsciiDigit(greatest.Variant[1]))
        {
            return;
        }

        for (int version = greatest.Variant[1] - '0' - 1; version >= lowest; version--)
        {
            vector.Add(greatest with { Variant = $"v{version}" });
        }
    }
}
