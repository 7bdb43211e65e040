using System.CommandLine;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Distribution;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Resolve;
using Gantry.Oci.Image;

namespace Gantry.Cli.Registries;

/// <summary><c>gantry registry explain</c>: which hosts are asked for an image, and what they say.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        Command command = new("explain", "Ask the hosts of an image, one by one, and show what they say and why they are asked");
        Argument<string> image = new("image") { Description = "Name of the image, such as debian:12" };
        Option<string> format = GlobalOptions.Format();
        RegistryFlags flags = new();
        command.Add(image);
        command.Add(format);
        flags.AddTo(command, withUser: true);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Reference reference = Reference.ParseFamiliar(parse.GetValue(image)!);
            RegistryOptions options =
                await flags.Read(parse, withUser: true).ForAsync(reference.Host, session.Token);
            IReadOnlyList<HostExplanation> hosts =
                await RegistryClient.ExplainAsync(reference, options, session.Token);
            HostExplanation? used = hosts.FirstOrDefault(host => host.Found is not null);
            if (parse.GetValue(format) == "json")
            {
                WriteJson(reference, hosts, used);
            }
            else
            {
                WriteText(reference, hosts, used);
            }

            return used is null ? ExitCodes.Failure : ExitCodes.Success;
        }));
        return command;
    }

    private static string Capabilities(HostConfig config) => config.Capabilities.ToString().ToLowerInvariant() switch
    {
        "all" => "pull, resolve, push, referrers",
        var some => some,
    };

    private static string Outcome(HostExplanation host, HostExplanation? used) => host switch
    {
        { Asked: false } => "not asked: it may not be, by its capabilities",
        { Found: { } found } when ReferenceEquals(host, used) =>
            $"found, and used: {found.MediaType} {found.Digest}, {found.Size} bytes",
        { Found: { } found } => $"found, but asked only if those above fail: {found.MediaType} {found.Digest}, {found.Size} bytes",
        _ => host.Error,
    };

    private static void WriteText(Reference reference, IReadOnlyList<HostExplanation> hosts, HostExplanation? used)
    {
        TextWriter text = StandardStreams.Out;
        text.WriteLine(reference);
        int number = 0;
        foreach (HostExplanation host in hosts)
        {
            string mirror = host.MirrorOf is { } of ? $", for {of}" : "";
            text.WriteLine();
            text.WriteLine($"{++number}. {host.Url}{mirror} ({Capabilities(host.Config)})");
            foreach (HostSetting setting in host.Config.Settings)
            {
                text.WriteLine($"   {setting.Key} = {setting.Value}   [{setting.Source}]");
            }

            if (host.Config.Settings.Count == 0)
            {
                text.WriteLine("   no settings: the host of the name itself");
            }

            foreach (string line in host.Exchanges)
            {
                text.WriteLine($"   > {line}");
            }

            text.WriteLine($"   {Outcome(host, used)}");
        }
    }

    private static void WriteJson(Reference reference, IReadOnlyList<HostExplanation> hosts, HostExplanation? used) =>
        Json.WriteValue(json =>
        {
            json.WriteStartObject();
            json.WriteString("reference", reference.ToString());
            json.WriteStartArray("hosts");
            foreach (HostExplanation host in hosts)
            {
                WriteHost(json, host, ReferenceEquals(host, used));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static void WriteHost(Utf8JsonWriter json, HostExplanation host, bool used)
    {
        json.WriteStartObject();
        json.WriteString("url", host.Url.ToString());
        json.WriteString("mirror_of", host.MirrorOf);
        json.WriteList("capabilities", Capabilities(host.Config).Split(", "));
        json.WriteStartArray("settings");
        foreach (HostSetting setting in host.Config.Settings)
        {
            json.WriteStartObject();
            json.WriteString("key", setting.Key);
            json.WriteString("value", setting.Value);
            json.WriteString("source", setting.Source);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("asked", host.Asked);
        json.WriteList("exchanges", host.Exchanges);
        json.WriteBoolean("used", used);
        json.WriteString("error", host.Error.Length > 0 ? host.Error : null);
        if (host.Found is { } found)
        {
            json.WriteString("media_type", found.MediaType);
            json.WriteString("digest", found.Digest.ToString());
            json.WriteNumber("size", found.Size);
        }

        json.WriteEndObject();
    }
}
