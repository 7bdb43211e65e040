using System.Text;

namespace Gantry.Server.Config;

/// <summary>Describes every key: the text of docs/config.md, made of the table that the reading code goes by.</summary>
public static class ConfigDocs
{
    private const string Introduction = """
        # config.toml

        <!-- Made by `gantryd config docs`. Change src/Gantry.Server/Config instead. -->

        `gantryd` reads `/etc/gantry/config.toml`, or as containerd `/etc/containerd/config.toml`, or the file that `-c` names. It
        understands versions 1 to 4 of containerd's file; a file without `version` is of version 1. Keys that are missing have
        their defaults, flags of the command line (`--root`, `--state`, `--address`, `--log-level`) go before the file.

        * `gantryd config default` prints what holds without a file, with comments.
        * `gantryd config dump` prints what holds with the file, its imports and the flags, as one file that imports nothing.
        * `gantryd -c FILE config migrate` prints a file in the newest version. Comments are lost, imports stay as they are.
        * `gantryd config check [FILE]` names each key that nothing reads, with its file, line and the nearest known key, and
          exits with 1 when there is one. Keys that containerd has and Gantry does nothing with are told, and are no mistake.

        A start does not fail because of a key that is not known: it is in the log at level debug. A value of the wrong type, or out
        of range, does: the error tells file, line and key.

        **Imports.** `imports` names more files, relative to the file that has it; `*`, `?` and `[a-z]` are patterns in each part of a
        path. Each file has a version of its own. A file counts after the one that imports it. Tables are merged key by key, lists
        are joined, other values are replaced; a table below `proxy_plugins` or `stream_processors` is replaced whole. When the file
        at the usual place has no `imports`, or there is none, `conf.d/*.toml` beside it is read.

        **Older versions.** The keys below are where version 4 has them. Older places are understood in every version: `[grpc]`,
        `[ttrpc]`, `[metrics]` and `address`, `uid` and `gid` of `[debug]`, which are tables `io.containerd.server.v1.*` now; the
        plug-ins `io.containerd.internal.v1.restart` and `io.containerd.monitor.v1.cgroups`; and in version 1 short names of
        plug-ins, such as `[plugins.overlayfs]`.

        **Types.** A duration is a string such as `"1h30m"`, `"5s"` or `"250ms"`; it is not negative, and no longer than 49 days
        (`1176h`) unless it is an age. An empty string or list counts as missing unless something else is said.

        **SIGHUP** makes the daemon read its file again. Keys that are marked with ↻ take effect at once; of others that have
        changed, the log says that they need a restart.

        """;

    /// <summary>The text.</summary>
    public static string Write()
    {
        DaemonConfig defaults = ConfigDefaults.For(asContainerd: false);
        StringBuilder text = new(Introduction);
        foreach (IGrouping<string, ConfigKey> table in ConfigKeys.All.Where(key => !key.Inert).GroupBy(key => key.Table))
        {
            ConfigKey[] plain = [.. table.Where(key => key.Fields.Count == 0)];
            text.Append(plain.Length == 0 ? "" : $"\n## {Title(table.Key)}\n\n| key | type | default | effect |\n|---|---|---|---|\n");
            foreach (ConfigKey key in plain)
            {
                string unit = key.Unit.Length == 0 ? "" : $", {key.Unit}";
                Row(text, ConfigPath.Quote(key.Name) + (key.Reloads ? "` ↻`" : ""), key.Type + unit,
                    $"`{TomlText.Value(key.Get(defaults))}`", key.Effect);
            }
        }

        foreach (ConfigKey key in ConfigKeys.All.Where(key => key.Fields.Count > 0))
        {
            text.Append($"\n## `[{key.Name}.NAME]`\n\n{key.Effect}\n\n| key | type | default | effect |\n|---|---|---|---|\n");
            foreach (ConfigField field in key.Fields)
            {
                Row(text, field.Name, field.Type, field.Default.Length == 0 ? "must be there" : field.Default, field.Effect);
            }
        }

        text.Append("\n## Keys without effect\n\ncontainerd has them; they are read, and do nothing here.\n\n| key | why |\n|---|---|\n");
        foreach (ConfigKey key in ConfigKeys.All.Where(key => key.Inert))
        {
            text.Append($"| `{key.Path}` | {char.ToUpperInvariant(key.Effect[0])}{key.Effect[1..]} |\n");
        }

        text.Append("\nTables of plug-ins that are not part of Gantry:\n\n");
        foreach (string plugin in ConfigKeys.AbsentPlugins)
        {
            text.Append($"* `{plugin}`\n");
        }

        return text.ToString();
    }

    private static string Title(string table) =>
        table.Length == 0 ? "Top of the file" : $"`[{ConfigKey.TableOf(table).Aggregate("", ConfigPath.Join)}]`";

    private static void Row(StringBuilder text, string key, string type, string usual, string effect) =>
        text.Append($"| `{key}` | {type} | {usual} | {effect} |\n".Replace("``", "", StringComparison.Ordinal));
}
