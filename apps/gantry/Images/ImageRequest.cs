using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary>How to get at an image.</summary>
/// <param name="Snapshotter">What to unpack it with.</param>
/// <param name="Platform">What it is to run on.</param>
/// <param name="PlainHttp">Whether to speak plain http.</param>
/// <param name="SkipVerify">Whether to take any certificate.</param>
/// <param name="CaFiles">Files with authorities to trust.</param>
internal sealed record ImageRequest(
    string Snapshotter,
    PlatformMatcher Platform,
    bool PlainHttp,
    bool SkipVerify,
    IReadOnlyList<string> CaFiles);
