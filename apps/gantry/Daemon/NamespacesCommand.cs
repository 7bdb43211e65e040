using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Namespaces;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry namespaces</c>: lists, makes and removes namespaces.</summary>
internal static class NamespacesCommand
{
    public static Command Create()
    {
        Command command = new("namespaces", "List, make and remove namespaces") { List(), Make(), Remove() };
        command.Aliases.Add("ns");
        command.Aliases.Add("namespace");
        return command;
    }

    private static Command List()
    {
        Command command = new("ls", "List namespaces");
        command.Aliases.Add("list");
        Option<bool> quiet = new("--quiet", "-q") { Description = "Names only" };
        Option<string> format = GlobalOptions.Format();
        command.Add(quiet);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<NamespaceInfo> all = await session.Client.Namespaces.ListAsync([], session.Token);
            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(all, (json, info) =>
                {
                    json.WriteString("name", info.Name.ToString());
                    json.WriteMap("labels", info.Labels);
                });
                return ExitCodes.Success;
            }

            if (parse.GetValue(quiet))
            {
                foreach (NamespaceInfo info in all)
                {
                    StandardStreams.Out.WriteLine(info.Name.ToString());
                }

                return ExitCodes.Success;
            }

            Table table = new("NAME", "LABELS");
            foreach (NamespaceInfo info in all)
            {
                IEnumerable<string> labels = info.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
                    .Select(l => $"{l.Key}={l.Value}");
                table.Add(info.Name.ToString(), string.Join(',', labels));
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Make()
    {
        Command command = new("create", "Make a namespace");
        command.Aliases.Add("c");
        Argument<string> name = new("name") { Description = "Name of the namespace" };
        Argument<string[]> labels = new("labels")
        {
            Description = "Labels, key=value",
            Arity = ArgumentArity.ZeroOrMore,
        };
        command.Add(name);
        command.Add(labels);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Dictionary<string, string> map = [];
            foreach (string label in parse.GetValue(labels) ?? [])
            {
                int equals = label.IndexOf('=', StringComparison.Ordinal);
                map[equals < 0 ? label : label[..equals]] = equals < 0 ? "" : label[(equals + 1)..];
            }

            Namespace ns = Namespace.Parse(parse.GetValue(name)!);
            await session.Client.Namespaces.CreateAsync(new NamespaceInfo(ns, map), session.Token);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Remove()
    {
        Command command = new("rm", "Remove empty namespaces");
        command.Aliases.Add("remove");
        Argument<string[]> names = new("name")
        {
            Description = "Names of namespaces",
            Arity = ArgumentArity.OneOrMore,
        };
        command.Add(names);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(
            parse.GetValue(names)!,
            name => session.Client.Namespaces.DeleteAsync(Namespace.Parse(name), session.Token))));
        return command;
    }
}
