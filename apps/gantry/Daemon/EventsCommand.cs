using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Events;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry events</c>: shows events as they come, or those that were kept.</summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        Command command = new("events", "Show events as they come, until interrupted, or those that the daemon has kept");
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
        ReplayOptions replay = new();
        command.Add(filters);
        command.Add(filter);
        replay.AddTo(command);
        command.Add(format);
        command.SetAction(Session.Action((session, parse) => RunAsync(
            session,
            replay.Read(parse, [.. parse.GetValue(filters) ?? [], .. parse.GetValue(filter) ?? []]),
            parse.GetValue(format) == "json")));
        return command;
    }

    private static Task<int> RunAsync(Session session, ReplayRequest request, bool json) => EventOutput.WriteAsync(
        session,
        request.Replay is { } replay
            ? session.Client.Events.Replay(replay, session.Token)
            : session.Client.Events.Subscribe(request.Filters, session.Token),
        envelope => Write(envelope, json));

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
            if (envelope.Sequence > 0)
            {
                json.WriteNumber("sequence", envelope.Sequence);
            }

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
