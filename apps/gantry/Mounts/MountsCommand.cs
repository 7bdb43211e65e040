using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Mounts;

namespace Gantry.Cli.Mounts;

/// <summary><c>gantry mounts</c>: the mounts that the daemon keeps for clients.</summary>
internal static class MountsCommand
{
    public static Command Create() => new("mounts", "Mounts that the daemon keeps for clients")
    {
        List(),
        Inspect(),
        Deactivate(),
    };

    private static Command List()
    {
        Command command = new("ls", "List activations");
        command.Aliases.Add("list");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as name==disk",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<Activation> all =
                await session.Scope.Mounts.ListAsync(parse.GetValue(filters) ?? [], session.Token);
            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(all, WriteFields);
                return ExitCodes.Success;
            }

            Table table = new("NAME", "ACTIVE", "SYSTEM", "LABELS");
            foreach (Activation activation in all)
            {
                IEnumerable<string> labels = activation.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
                    .Select(l => $"{l.Key}={l.Value}");
                table.Add(
                    activation.Name,
                    activation.Active.Count.ToString(CultureInfo.InvariantCulture),
                    string.Join(',', activation.System.Select(mount => mount.Type)),
                    string.Join(',', labels));
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Inspect()
    {
        Command command = new("inspect", "Show an activation");
        Argument<string> name = new("name") { Description = "Its name" };
        command.Add(name);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Activation activation = await session.Scope.Mounts.InfoAsync(parse.GetValue(name)!, session.Token);
            Json.WriteValue(json =>
            {
                json.WriteStartObject();
                WriteFields(json, activation);
                json.WriteEndObject();
            });
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Deactivate()
    {
        Command command = new("deactivate", "Unmount");
        command.Aliases.Add("rm");
        Argument<string[]> names = new("name") { Description = "Names of activations", Arity = ArgumentArity.OneOrMore };
        command.Add(names);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(
            parse.GetValue(names)!, name => session.Scope.Mounts.DeactivateAsync(name, session.Token))));
        return command;
    }

    private static void WriteFields(Utf8JsonWriter json, Activation activation)
    {
        json.WriteString("name", activation.Name);
        json.WriteStartArray("active");
        foreach (ActiveMount active in activation.Active)
        {
            json.WriteStartObject();
            WriteMount(json, active.Mount);
            json.WriteString("mountPoint", active.MountPoint);
            json.WriteString("mountedAt", Human.Time(active.MountedAt));
            json.WriteMap("data", active.Data);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("system");
        foreach (Mount mount in activation.System)
        {
            json.WriteStartObject();
            WriteMount(json, mount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteMap("labels", activation.Labels);
    }

    private static void WriteMount(Utf8JsonWriter json, Mount mount)
    {
        json.WriteString("type", mount.Type);
        json.WriteString("source", mount.Source);
        json.WriteString("target", mount.Target);
        json.WriteList("options", mount.Options);
    }
}
