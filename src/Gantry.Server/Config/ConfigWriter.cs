using System.Globalization;
using System.Text;
using Gantry.Archive.Processors;
using Gantry.Core;
using Gantry.Server.Logging;

namespace Gantry.Server.Config;

/// <summary>Writes a configuration as config.toml has it.</summary>
public static class ConfigWriter
{
    /// <summary>The text of a config.toml that says the same.</summary>
    /// <param name="config">The configuration.</param>
    public static string Write(DaemonConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        StringBuilder text = new();
        Line(text, "version", config.Version);
        Line(text, "root", config.Root);
        Line(text, "state", config.State);
        Line(text, "disabled_plugins", config.DisabledPlugins);
        Line(text, "required_plugins", config.RequiredPlugins);

        Table(text, "grpc");
        WriteSocket(text, config.Grpc, config.Grpc.Address);
        Line(text, "max_recv_message_size", config.Limits.MaxReceiveMessageSize);
        Line(text, "max_send_message_size", config.Limits.MaxSendMessageSize);

        Table(text, "ttrpc");
        WriteSocket(text, config.Ttrpc, config.TtrpcAddress);

        Table(text, "debug");
        Line(text, "level", LogLevels.Name(config.LogLevel));
        Line(text, "format", config.LogFormat is LogFormat.Json ? "json" : "text");

        Table(text, "timeouts");
        foreach ((string name, TimeSpan value) in config.Timeouts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line(text, Quote(name), GoDuration.Format(value));
        }

        foreach (StreamProcessor processor in config.StreamProcessors)
        {
            Table(text, $"stream_processors.{Quote(processor.Id)}");
            Line(text, "accepts", processor.Accepts);
            Line(text, "returns", processor.Returns);
            Line(text, "path", processor.Path);
            Line(text, "args", processor.Arguments);
            Line(text, "env", processor.Environment);
        }

        Table(text, "plugins.\"io.containerd.metadata.v1.bolt\"");
        Line(text, "content_sharing_policy", config.ShareContent ? "shared" : "isolated");

        Table(text, "plugins.\"io.containerd.gc.v1.scheduler\"");
        text.Append(CultureInfo.InvariantCulture, $"pause_threshold = {config.Gc.PauseThreshold:0.0######}\n");
        Line(text, "deletion_threshold", config.Gc.DeletionThreshold);
        Line(text, "mutation_threshold", config.Gc.MutationThreshold);
        Line(text, "schedule_delay", GoDuration.Format(config.Gc.ScheduleDelay));
        Line(text, "startup_delay", GoDuration.Format(config.Gc.StartupDelay));

        foreach (string snapshotter in DaemonConfig.Snapshotters)
        {
            Table(text, $"plugins.\"{DaemonConfig.SnapshotterType}.{snapshotter}\"");
            Line(text, "root_path", config.SnapshotterRoots.GetValueOrDefault(snapshotter, ""));
            if (snapshotter is "overlayfs")
            {
                Line(text, "mount_options", config.Overlay.MountOptions ?? []);
                Line(text, "upperdir_label", config.Overlay.ShowUpperDirectory);
                Line(text, "sync_remove", config.Overlay.RemoveSynchronously);
                Line(text, "slow_chown", config.Overlay.AllowSlowChown);
            }
        }

        Table(text, "plugins.\"io.containerd.shim.v1.manager\"");
        Line(text, "env", config.ShimEnvironment);

        if (config.RestartInterval is { } interval)
        {
            Table(text, "plugins.\"io.containerd.monitor.container.v1.restart\"");
            Line(text, "interval", GoDuration.Format(interval));
        }

        Table(text, "plugins.\"io.containerd.service.v1.diff-service\"");
        Line(text, "default", config.Differs);
        Line(text, "sync_fs", config.SyncLayers);

        Table(text, "plugins.\"io.containerd.transfer.v1.local\"");
        Line(text, "max_concurrent_downloads", config.Transfers.MaxConcurrentDownloads);
        Line(text, "max_concurrent_uploaded_layers", config.Transfers.MaxConcurrentUploads);
        Line(text, "config_path", string.Join(':', config.Transfers.HostsDirectories));

        Table(text, "plugins.\"io.containerd.image-verifier.v1.bindir\"");
        Line(text, "bin_dir", config.Transfers.Verifiers.Directory);
        Line(text, "max_verifiers", config.Transfers.Verifiers.MaxVerifiers);
        Line(text, "per_verifier_timeout", GoDuration.Format(config.Transfers.Verifiers.Timeout));

        foreach (ProxyPluginConfig proxy in config.ProxyPlugins)
        {
            WriteProxy(text, proxy);
        }

        Table(text, $"plugins.\"{ConfigLoader.OwnTable}\"");
        Line(text, "default_executor", config.DefaultExecutor);
        Line(text, "log_to", LogTargets.Name(config.LogTarget));
        Line(text, "reconcile_interval", GoDuration.Format(config.ReconcileInterval));
        Line(text, "proxy_timeout", GoDuration.Format(config.ProxyTimeout));
        Line(text, "proxy_diff_timeout", GoDuration.Format(config.ProxyDiffTimeout));
        Table(text, $"plugins.\"{ConfigLoader.OwnTable}\".shims");
        foreach ((string name, string binary) in config.ShimBinaries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line(text, Quote(name), binary);
        }

        return text.ToString();
    }

    private static void WriteProxy(StringBuilder text, ProxyPluginConfig proxy)
    {
        string table = $"proxy_plugins.{Quote(proxy.Name)}";
        Table(text, table);
        Line(text, "type", proxy.Type);
        Line(text, "address", proxy.Address);
        Line(text, "remote_name", proxy.RemoteName);
        Line(text, "platform", proxy.Platform);
        Line(text, "capabilities", proxy.Capabilities);
        Table(text, $"{table}.exports");
        foreach ((string key, string value) in proxy.Exports.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line(text, Quote(key), value);
        }
    }

    private static void WriteSocket(StringBuilder text, SocketConfig socket, string address)
    {
        Line(text, "address", address);
        Line(text, "uid", socket.UserId);
        Line(text, "gid", socket.GroupId);
    }

    private static void Table(StringBuilder text, string name) => text.Append('\n').Append('[').Append(name).Append("]\n");

    private static void Line(StringBuilder text, string key, string value) =>
        text.Append(key).Append(" = ").Append(Quote(value)).Append('\n');

    private static void Line(StringBuilder text, string key, bool value) =>
        text.Append(key).Append(value ? " = true\n" : " = false\n");

    private static void Line(StringBuilder text, string key, int value) =>
        text.Append(key).Append(" = ").Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static void Line(StringBuilder text, string key, IReadOnlyList<string> values) =>
        text.Append(key).Append(" = [").AppendJoin(", ", values.Select(Quote)).Append("]\n");

    private static string Quote(string value) =>
        "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
