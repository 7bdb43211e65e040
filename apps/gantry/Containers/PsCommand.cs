using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client.Tasks;
using Gantry.Core.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry ps</c>: lists containers.</summary>
internal static class PsCommand
{
    private const int ShownCommand = 30;

    public static Command Create()
    {
        Command command = new("ps", "List containers");
        Option<bool> all = new("--all", "-a") { Description = "Also those that do not run" };
        Option<bool> quiet = new("--quiet", "-q") { Description = "Ids only" };
        Option<string> format = GlobalOptions.Format();
        command.Add(all);
        command.Add(quiet);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Row[] rows = await ReadAsync(session, parse.GetValue(all));
            if (parse.GetValue(quiet))
            {
                foreach (Row row in rows)
                {
                    StandardStreams.Out.WriteLine(row.Container.Id);
                }
            }
            else if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(rows, WriteFields);
            }
            else
            {
                WriteTable(rows);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<Row[]> ReadAsync(Session session, bool all)
    {
        Task<IReadOnlyList<ContainerRecord>> containers = session.Scope.Containers.ListAsync([], session.Token);
        Task<IReadOnlyList<ProcessState>> tasks = session.Scope.Tasks.ListAsync(session.Token);
        await Task.WhenAll(containers, tasks);
        Dictionary<string, ProcessState> states = (await tasks).ToDictionary(t => t.ContainerId, StringComparer.Ordinal);
        return
        [
            .. (await containers)
                .Select(c => new Row(c, states.GetValueOrDefault(c.Id)))
                .Where(r => all || r.State?.Status is ProcessStatus.Running or ProcessStatus.Paused
                    or ProcessStatus.Pausing or ProcessStatus.Unknown)
                .OrderByDescending(r => r.Container.CreatedAt),
        ];
    }

    private static void WriteTable(Row[] rows)
    {
        Table table = new("CONTAINER", "IMAGE", "COMMAND", "CREATED", "STATUS", "PID");
        foreach (Row row in rows)
        {
            string command = string.Join(' ', CommandOf(row.Container));
            table.Add(
                row.Container.Id,
                row.Container.Image,
                command.Length > ShownCommand ? command[..(ShownCommand - 1)] + "…" : command,
                Human.Age(row.Container.CreatedAt),
                StatusText(row),
                row.State is { ProcessId: > 0, Status: not ProcessStatus.Stopped } s
                    ? s.ProcessId.ToString(CultureInfo.InvariantCulture)
                    : "");
        }

        table.WriteTo(StandardStreams.Out);
    }

    private static void WriteFields(Utf8JsonWriter json, Row row)
    {
        json.WriteString("id", row.Container.Id);
        json.WriteString("image", row.Container.Image);
        json.WriteList("command", CommandOf(row.Container));
        json.WriteString("createdAt", Human.Time(row.Container.CreatedAt));
        json.WriteString("status", StatusWord(row));
        json.WriteNumber("pid", row.State?.ProcessId ?? 0);
        if (ExitStatus(row) is { } status)
        {
            json.WriteNumber("exitStatus", status);
        }

        json.WriteString("runtime", row.Container.RuntimeName);
        json.WriteString("snapshotter", row.Container.Snapshotter);
        json.WriteMap("labels", row.Container.Labels);
    }

    private static string StatusText(Row row) => ExitStatus(row) is { } status
        ? string.Create(CultureInfo.InvariantCulture, $"exited ({status})")
        : StatusWord(row);

    private static string StatusWord(Row row) => row.State?.Status switch
    {
        null => ContainerLabels.ExitStatusOf(row.Container) is null ? "created" : "exited",
        ProcessStatus.Stopped => "exited",
        { } status => status.ToString().ToLowerInvariant(),
    };

    private static uint? ExitStatus(Row row) => row.State switch
    {
        null => ContainerLabels.ExitStatusOf(row.Container),
        { Status: ProcessStatus.Stopped } state => state.ExitStatus,
        _ => null,
    };

    private static IReadOnlyList<string> CommandOf(ContainerRecord container)
    {
        if (container.Spec is not { TypeUrl: RuntimeSpecJson.SpecTypeUrl } spec)
        {
            return [];
        }

        try
        {
            return RuntimeSpecJson.ReadSpec(spec.Value.Span).Process?.Args ?? [];
        }
        catch (FormatException)
        {
            // Another client's spec is no reason not to list its container.
            return [];
        }
    }

    private sealed record Row(ContainerRecord Container, ProcessState? State);
}
