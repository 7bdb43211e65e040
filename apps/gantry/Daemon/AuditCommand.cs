using System.CommandLine;
using System.Globalization;
using Gantry.Api;
using Gantry.Api.KeptEvents;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Grpc.Core;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry audit</c>: who changed what.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        Command command = new("audit", "Show who called what that changed something, and what came of it");
        Option<string[]> filter = new("--filter")
        {
            Description = "A filter such as topic~=Images or namespace==default; any of them is enough",
            HelpName = "filter",
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
        };
        ReplayOptions replay = new();
        Option<string> format = GlobalOptions.Format();
        command.Add(filter);
        replay.AddTo(command);
        command.Add(format);
        command.SetAction(Session.Action((session, parse) =>
        {
            bool json = parse.GetValue(format) == "json";
            return EventOutput.WriteAsync(
                session,
                session.Client.Audit.Replay(replay.ReadKept(parse, parse.GetValue(filter) ?? []), session.Token),
                envelope => Write(envelope, json));
        }));
        return command;
    }

    private static void Write(EventEnvelope envelope, bool asJson)
    {
        if (!TypeUrl.TryUnpack(envelope.Event, out AuditRecord? call))
        {
            throw new GantryException(ErrorKind.DataLoss, $"entry {envelope.Sequence} of the audit log is no call");
        }

        string result = call.Code == 0 ? "ok" : ((StatusCode)call.Code).ToString();
        double seconds = call.Elapsed?.ToTimeSpan().TotalSeconds ?? 0;
        if (!asJson)
        {
            string ns = envelope.Namespace.ToString() is { Length: > 0 } name ? name : "-";
            string service = call.Method[(call.Method.LastIndexOf('.') + 1)..];
            string failure = call.Message.Length > 0 ? $" ({AuditText.OneLine(call.Message.ReplaceLineEndings(" "))})" : "";
            string about = AuditText.OneLine(call.Object);
            string exe = AuditText.OneLine(call.Exe);
            StandardStreams.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Human.Time(envelope.Timestamp)} {ns} {service} {about} {result}{failure} uid={call.Uid} pid={call.Pid} exe={exe}"));
            return;
        }

        Json.WriteLine(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", envelope.Sequence);
            json.WriteString("timestamp", Human.Time(envelope.Timestamp));
            json.WriteString("namespace", envelope.Namespace.ToString());
            json.WriteString("method", call.Method);
            json.WriteString("object", call.Object);
            json.WriteString("result", result);
            json.WriteString("message", call.Message);
            json.WriteNumber("seconds", seconds);
            json.WriteNumber("pid", call.Pid);
            json.WriteNumber("uid", call.Uid);
            json.WriteNumber("gid", call.Gid);
            json.WriteString("exe", call.Exe);
            json.WriteEndObject();
        });
    }
}
