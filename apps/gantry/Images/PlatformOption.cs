using System.CommandLine;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary>The option <c>--platform</c> of commands that work on one platform of an image.</summary>
internal static class PlatformOption
{
    public static Option<string?> Create() => new("--platform")
    {
        Description = "Platform of the image, such as linux/arm64; this machine's if absent",
        HelpName = "platform",
    };

    /// <summary>What it asks for.</summary>
    /// <exception cref="FormatException">The platform is malformed.</exception>
    public static PlatformMatcher Read(this ParseResult parse, Option<string?> option) =>
        parse.GetValue(option) is { } text ? PlatformMatcher.Only(Platform.Parse(text)) : PlatformMatcher.Default;
}
