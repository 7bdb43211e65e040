using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Plugins;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry plugins</c>: lists the parts of the daemon.</summary>
internal static class PluginsCommand
{
    private const string SkipMark = "skip plugin";

    public static Command Create()
    {
        Command command = new("plugins", "List the parts of the daemon, and how each fares");
        command.Aliases.Add("plugin");
        Argument<string[]> filters = new("filter")
        {
            Description = "Filters such as type==io.containerd.snapshotter.v1",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> format = GlobalOptions.Format();
        command.Add(filters);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<PluginInfo> plugins =
                await session.Client.PluginsAsync(Filters(parse.GetValue(filters)), session.Token);
            if (parse.GetValue(format) == "json")
            {
                Json.WriteArray(plugins, (json, plugin) =>
                {
                    json.WriteString("type", plugin.Type);
                    json.WriteString("id", plugin.Id);
                    json.WriteList("platforms", plugin.Platforms.Select(p => p.ToString()));
                    json.WriteList("capabilities", plugin.Capabilities);
                    json.WriteMap("exports", plugin.Exports);
                    json.WriteString("status", Status(plugin));
                    json.WriteString("error", plugin.InitError);
                });
                return ExitCodes.Success;
            }

            Table table = new("TYPE", "ID", "PLATFORMS", "STATUS");
            foreach (PluginInfo plugin in plugins)
            {
                table.Add(plugin.Type, plugin.Id, string.Join(',', plugin.Platforms), Status(plugin));
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    /// <summary>As in <c>ctr plugins ls</c>, a leading <c>ls</c> may be said or not.</summary>
    private static string[] Filters(string[]? given) =>
        given is ["ls" or "list", .. string[] rest] ? rest : given ?? [];

    private static string Status(PluginInfo plugin) => plugin.InitError switch
    {
        null or "" => "ok",
        { } error when error.Contains(SkipMark, StringComparison.Ordinal) => "skip",
        _ => "error",
    };
}
