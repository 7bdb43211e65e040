using System.CommandLine;
using Gantry.Cli.Registries;

namespace Gantry.Cli.Images;

/// <summary>Options of everything that may pull.</summary>
/// <param name="withUser">Whether <c>--user</c> is the user at the registry; it is another one where containers run.</param>
internal sealed class PullOptions(bool withUser = false)
{
    private readonly RegistryFlags _registry = new();

    public Option<string?> Platform { get; } = new("--platform")
    {
        Description = "Platform of the image, such as linux/arm64; this machine's if absent",
        HelpName = "platform",
    };

    public void AddTo(Command command)
    {
        _registry.AddTo(command, withUser);
        command.Add(Platform);
    }

    /// <summary>What the options ask for.</summary>
    /// <exception cref="FormatException">The platform is malformed.</exception>
    public ImageRequest ToRequest(ParseResult parse, string snapshotter) => new(
        snapshotter,
        parse.GetValue(Platform) is { } platform ? Oci.Image.Platform.Parse(platform) : Oci.Image.Platform.Current,
        _registry.Read(parse, withUser));
}
