using System.CommandLine;
using System.Reflection;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry version</c>: the versions of this program and of the daemon.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        Command command = new("version", "Show the versions of this program and of the daemon");
        Option<string> format = GlobalOptions.Format();
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            (string version, string revision) = Own();
            Task<DaemonInfo> info = session.Client.InfoAsync(session.Token);
            DaemonVersion daemon = await session.Client.VersionAsync(session.Token);
            string uuid = (await info).Uuid;
            if (parse.GetValue(format) == "json")
            {
                Json.WriteValue(json =>
                {
                    json.WriteStartObject();
                    json.WriteStartObject("client");
                    json.WriteString("version", version);
                    json.WriteString("revision", revision);
                    json.WriteEndObject();
                    json.WriteStartObject("server");
                    json.WriteString("version", daemon.Version);
                    json.WriteString("revision", daemon.Revision);
                    json.WriteString("uuid", uuid);
                    json.WriteEndObject();
                    json.WriteEndObject();
                });
                return ExitCodes.Success;
            }

            TextWriter writer = StandardStreams.Out;
            writer.WriteLine("Client:");
            writer.WriteLine($"  Version:  {version}");
            writer.WriteLine($"  Revision: {revision}");
            writer.WriteLine();
            writer.WriteLine("Server:");
            writer.WriteLine($"  Version:  {daemon.Version}");
            writer.WriteLine($"  Revision: {daemon.Revision}");
            writer.WriteLine($"  UUID: {uuid}");
            return ExitCodes.Success;
        }));
        return command;
    }

    private static (string Version, string Revision) Own()
    {
        string text = typeof(VersionCommand).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        int plus = text.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? (text, "") : (text[..plus], text[(plus + 1)..]);
    }
}
