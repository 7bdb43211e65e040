using System.CommandLine;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary>Options of everything that may pull.</summary>
internal sealed class PullOptions
{
    public Option<bool> PlainHttp { get; } = new("--plain-http") { Description = "Reach the registry over plain http" };

    public Option<bool> SkipVerify { get; } = new("--skip-verify", "-k")
    {
        Description = "Take any certificate of the registry",
    };

    public Option<string[]> CaFiles { get; } = new("--tlscacert")
    {
        Description = "PEM file with an authority to trust; may be repeated",
        HelpName = "path",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    public Option<string?> Platform { get; } = new("--platform")
    {
        Description = "Platform of the image, such as linux/arm64; this machine's if absent",
        HelpName = "platform",
    };

    public void AddTo(Command command)
    {
        command.Add(PlainHttp);
        command.Add(SkipVerify);
        command.Add(CaFiles);
        command.Add(Platform);
    }

    /// <summary>What the options ask for.</summary>
    /// <exception cref="FormatException">The platform is malformed.</exception>
    public ImageRequest ToRequest(ParseResult parse, string snapshotter) => new(
        snapshotter,
        parse.GetValue(Platform) is { } platform
            ? PlatformMatcher.Only(Oci.Image.Platform.Parse(platform))
            : PlatformMatcher.Default,
        parse.GetValue(PlainHttp),
        parse.GetValue(SkipVerify),
        parse.GetValue(CaFiles) ?? []);
}
