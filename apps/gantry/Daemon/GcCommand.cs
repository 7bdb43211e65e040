using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Collection;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry gc</c>: removes what nothing refers to, or tells why something is still there.</summary>
internal static class GcCommand
{
    public static Command Create()
    {
        Command command = new("gc", "Remove what nothing refers to, now, and tell what went") { Explain() };
        Option<string> format = GlobalOptions.Format();
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            CollectionReport report = await session.Client.Collector.CollectAsync(session.Token);
            if (parse.GetValue(format) == "json")
            {
                WriteJson(report);
                return ExitCodes.Success;
            }

            if (report.Removed.Count > 0)
            {
                Table table = new("REMOVED", "COUNT", "SIZE");
                foreach (RemovedKind removed in report.Removed)
                {
                    table.Add(
                        removed.Kind,
                        removed.Count.ToString(CultureInfo.InvariantCulture),
                        removed.Bytes > 0 ? Human.Size(removed.Bytes) : "");
                }

                table.WriteTo(StandardStreams.Out);
            }

            StandardStreams.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"looked at {report.Objects} objects in {report.Elapsed.TotalMilliseconds:0.0} ms"
                + $"{(report.Removed.Count == 0 ? ", nothing to remove" : "")}"));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Explain()
    {
        Command command = new("explain", "Tell who holds an object, or why it would go");
        Argument<string> name = new("object")
        {
            Description = "Digest, name of an image, id of a container or lease, ref of an ingest, or with --snapshotter the key of a snapshot",
        };
        Option<string> snapshotter = new("--snapshotter")
        {
            Description = "The object is a snapshot of this snapshotter",
            HelpName = "name",
            DefaultValueFactory = _ => "",
        };
        Option<string> format = GlobalOptions.Format();
        command.Add(name);
        command.Add(snapshotter);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Explanation explanation = await session.Client.Collector.ExplainAsync(
                session.Namespace,
                parse.GetValue(name)!,
                parse.GetValue(snapshotter)!,
                session.Token);
            if (parse.GetValue(format) == "json")
            {
                WriteJson(explanation);
            }
            else
            {
                Write(explanation);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static void Write(Explanation explanation)
    {
        TextWriter output = StandardStreams.Out;
        output.WriteLine($"{explanation.Kind} {explanation.Key}");
        output.WriteLine((explanation.IsKept ? "" : "not kept: ") + explanation.Summary);
        string indent = "  ";
        foreach (ExplainedLink link in explanation.Chain)
        {
            output.WriteLine($"{indent}{link.Kind} {link.Key}   ({link.Reason})");
            indent += "  ";
        }

        if (explanation.Holders.Count > 0)
        {
            output.WriteLine("referred to by");
        }

        foreach (ExplainedLink link in explanation.Holders)
        {
            output.WriteLine($"  {link.Kind} {link.Key}   ({link.Reason}{(link.IsKept ? "" : ", not kept itself")})");
        }
    }

    private static void WriteJson(CollectionReport report) => Json.WriteValue(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("objects", report.Objects);
        json.WriteNumber("milliseconds", report.Elapsed.TotalMilliseconds);
        json.WriteStartArray("removed");
        foreach (RemovedKind removed in report.Removed)
        {
            json.WriteStartObject();
            json.WriteString("kind", removed.Kind);
            json.WriteNumber("count", removed.Count);
            json.WriteNumber("bytes", removed.Bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteJson(Explanation explanation) => Json.WriteValue(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", explanation.Kind);
        json.WriteString("key", explanation.Key);
        json.WriteBoolean("kept", explanation.IsKept);
        json.WriteString("summary", explanation.Summary);
        foreach ((string name, IReadOnlyList<ExplainedLink> links) in
            new[] { ("chain", explanation.Chain), ("holders", explanation.Holders) })
        {
            json.WriteStartArray(name);
            foreach (ExplainedLink link in links)
            {
                json.WriteStartObject();
                json.WriteString("kind", link.Kind);
                json.WriteString("key", link.Key);
                json.WriteString("reason", link.Reason);
                json.WriteBoolean("kept", link.IsKept);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    });
}
