using System.CommandLine;
using System.Globalization;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Gantry.Transfer.Commit;

namespace Gantry.Cli.Images;

/// <summary>Options of everything that makes an image.</summary>
internal sealed class CommitOptions
{
    private const string EpochVariable = "SOURCE_DATE_EPOCH";

    public Argument<string> Image { get; } = new("image") { Description = "Name of the new image" };

    public Option<string> Author { get; } = new("--author")
    {
        Description = "Who made it",
        HelpName = "name",
        DefaultValueFactory = _ => "",
    };

    public Option<string> Message { get; } = new("--message", "-m")
    {
        Description = "Comment for the history",
        HelpName = "text",
        DefaultValueFactory = _ => "",
    };

    public Option<string[]> Changes { get; } = new("--change", "-c")
    {
        Description = "Change of the config as a Dockerfile has it, such as 'CMD [\"sh\"]'; may be repeated",
        HelpName = "instruction",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    public Option<string> Compression { get; } = MakeCompression();

    public void AddTo(Command command)
    {
        command.Add(Image);
        command.Add(Author);
        command.Add(Message);
        command.Add(Changes);
        command.Add(Compression);
    }

    /// <summary>What is to become an image; SOURCE_DATE_EPOCH of the environment is taken into account.</summary>
    /// <exception cref="FormatException">An option is malformed.</exception>
    public CommitRequest ToRequest(
        ParseResult parse,
        Descriptor manifest,
        string snapshotter,
        IReadOnlyList<Mount> upper,
        string createdBy) => new(ToName(parse), manifest, snapshotter, upper)
        {
            CreatedBy = createdBy,
            Author = parse.GetValue(Author)!,
            Message = parse.GetValue(Message)!,
            Changes = ToChanges(parse),
            Compression = parse.GetValue(Compression) switch
            {
                "zstd" => CommitCompression.Zstd,
                "none" => CommitCompression.None,
                _ => CommitCompression.Gzip,
            },
            SourceDateEpoch = ToEpoch(),
        };

    /// <summary>Complains of malformed options before anything is done.</summary>
    /// <exception cref="FormatException">One is.</exception>
    public void Check(ParseResult parse)
    {
        ToName(parse);
        ToChanges(parse);
        ToEpoch();
    }

    private static DateTimeOffset? ToEpoch()
    {
        string? text = Environment.GetEnvironmentVariable(EpochVariable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new FormatException($"{EpochVariable} \"{text}\": not a number of seconds");
    }

    private static Option<string> MakeCompression()
    {
        Option<string> option = new("--compression")
        {
            Description = "gzip, zstd or none",
            HelpName = "kind",
            DefaultValueFactory = _ => "gzip",
        };
        option.AcceptOnlyFromAmong("gzip", "zstd", "none");
        return option;
    }

    private Reference ToName(ParseResult parse)
    {
        Reference name = Reference.ParseFamiliar(parse.GetValue(Image)!);
        return name.Digest.IsEmpty
            ? name
            : throw new FormatException($"image name \"{name}\": a digest can't be given to a new image");
    }

    private IReadOnlyList<ConfigChange> ToChanges(ParseResult parse) =>
        [.. (parse.GetValue(Changes) ?? []).Select(ConfigChange.Parse)];
}
