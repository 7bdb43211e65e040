using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Core.Errors;
using Gantry.Core.Events;

namespace Gantry.Cli.Daemon;

/// <summary>Options that say which of what was kept is wanted.</summary>
internal sealed class ReplayOptions
{
    private readonly Option<EventCursor?> _since = new("--since")
    {
        Description = "Begin with what was kept: an age (10m), a time (RFC 3339), a sequence number to go on after, or earliest",
        HelpName = "when",
        CustomParser = Cursor,
    };

    private readonly Option<DateTimeOffset?> _until = new("--until")
    {
        Description = "Leave out what is later than an age ago (5m) or a time (RFC 3339), and end when it has come",
        HelpName = "when",
        CustomParser = result => Time(result) is { } time ? time : Refuse(result, "no age and no time"),
    };

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "With --since: go on with what comes, until interrupted",
    };

    public void AddTo(Command command)
    {
        command.Add(_since);
        command.Add(_until);
        command.Add(_follow);
    }

    /// <summary>What was asked for; with none of the options, only what comes.</summary>
    public ReplayRequest Read(ParseResult parse, IReadOnlyList<string> filters)
    {
        EventCursor? since = parse.GetValue(_since);
        DateTimeOffset? until = parse.GetValue(_until);
        bool follow = parse.GetValue(_follow);
        if (since is null && until is null)
        {
            return new ReplayRequest(filters, null);
        }

        // An end that is to come means: until then.
        follow = follow || until > TimeProvider.System.GetUtcNow();
        return new ReplayRequest(filters, new EventReplay(since ?? EventCursor.Earliest, filters, follow, until));
    }

    /// <summary>What was asked for; with none of the options, all that was kept.</summary>
    public EventReplay ReadKept(ParseResult parse, IReadOnlyList<string> filters) =>
        Read(parse, filters).Replay
        ?? new EventReplay(EventCursor.Earliest, filters, parse.GetValue(_follow));

    private static EventCursor? Cursor(ArgumentResult result)
    {
        // A number alone is a sequence number, not seconds.
        string text = result.Tokens[^1].Value;
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) && Time(result) is { } time)
        {
            return new EventCursor(null, time);
        }

        try
        {
            return EventCursor.Parse(text);
        }
        catch (GantryException)
        {
            result.AddError($"\"{text}\" is no age, no time, no sequence number and not earliest");
            return null;
        }
    }

    private static DateTimeOffset? Time(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        return Values.TryDuration(text, out TimeSpan age) ? TimeProvider.System.GetUtcNow() - age
            : text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : null;
    }

    private static DateTimeOffset? Refuse(ArgumentResult result, string why)
    {
        result.AddError($"\"{result.Tokens[^1].Value}\" is {why}");
        return null;
    }
}
