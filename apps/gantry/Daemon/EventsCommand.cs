using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Events;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry events</c>: shows events as they come.</summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        Command command = new("events", "Show events as they come, until interrupted");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as topic~=\"/tasks/\"; any of them is enough",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string[]> filter = new("--filter")
        {
            Description = "As the argument; may be repeated",
            HelpName = "filter",
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
        };
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(filter);
        command.Add(format);
        command.SetAction(Session.Action((session, parse) => RunAsync(
            session,
            [.. parse.GetValue(filters) ?? [], .. parse.GetValue(filter) ?? []],
            parse.GetValue(format) == "json")));
        return command;
    }

    private static async Task<int> RunAsync(Session session, IReadOnlyList<string> filters, bool json)
    {
        try
        {
            await foreach (EventEnvelope envelope in session.Client.Events.Subscribe(filters, session.Token))
            {
                Write(envelope, json);
                await StandardStreams.Out.FlushAsync();
            }
        }
        catch (OperationCanceledException) when (session.Signals.Interrupted)
        {
            // That is how it is meant to end.
        }

        return ExitCodes.Success;
    }

    private static void Write(EventEnvelope envelope, bool asJson)
    {
        if (!asJson)
        {
            StandardStreams.Out.WriteLine(
                $"{Human.Time(envelope.Timestamp)} {envelope.Namespace} {envelope.Topic} {EventJson.Format(envelope.Event)}");
            return;
        }

        Json.WriteLine(json =>
        {
            json.WriteStartObject();
            json.WriteString("timestamp", Human.Time(envelope.Timestamp));
            json.WriteString("namespace", envelope.Namespace.ToString());
            json.WriteString("topic", envelope.Topic);
            json.WriteString("type", envelope.Event.TypeUrl);
            json.WritePropertyName("event");
            json.WriteRawValue(EventJson.Format(envelope.Event));
            json.WriteEndObject();
        });
    }
}
