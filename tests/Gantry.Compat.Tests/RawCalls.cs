using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CliWrap.Buffered;
using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Gantry.Api.Services.Namespaces;
using Gantry.Api.Services.Sandbox;
using Gantry.Api.Services.Snapshots;
using Gantry.Api.Services.Tasks;
using Gantry.Linux.Cgroups;
using Gantry.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Gantry.Compat.Tests;

/// <summary>
/// Makes the calls of a table on a daemon, and writes down what comes back. A line of a table is one of
/// <code>
/// SERVICE.METHOD [ns=NAME] [lease=ID] {REQUEST} [{REQUEST}…]     a call; more requests for a stream
/// hold NAME SERVICE.METHOD {REQUEST}                             begins a stream and leaves it open
/// release NAME                                                   ends it
/// begin NAME SERVICE.METHOD {REQUEST}                            makes a call whose answer is awaited later
/// end NAME                                                       awaits it
/// watch                                                          subscribes to the events of tasks
/// events N                                                       shows the next N of them
/// container ID FILE                                              makes a container of the spec in a file, for runc
/// create ID FILE [FIELDS]                                        the same, and a task with a root filesystem
/// sh COMMAND                                                     runs it: $D is the daemon's directory, $C that of the tables
/// restart                                                        starts the daemon anew
/// gantry CODE REASON                                             the next call may differ: CODE is Gantry's, or any
/// alone CODE REASON                                              the next call is made on Gantry alone
/// # anything
/// </code>
/// In a request, <c>{{home}}</c> is the daemon's directory and <c>{{file:NAME@ID}}</c> the text of a file in it, with
/// ID where that has CONTAINER.
/// </summary>
internal sealed partial class RawCalls(PrivateDaemon daemon) : IAsyncDisposable
{
    private static readonly TimeSpan CgroupLimit = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, ServiceDescriptor> Services = new FileDescriptor[]
    {
        ContentReflection.Descriptor, ContainersReflection.Descriptor, ImagesReflection.Descriptor,
        LeasesReflection.Descriptor, NamespacesReflection.Descriptor, SnapshotsReflection.Descriptor,
        SandboxReflection.Descriptor, TasksReflection.Descriptor,
    }.SelectMany(file => file.Services).ToDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, AsyncDuplexStreamingCall<IMessage, IMessage>> _held = [];
    private readonly Dictionary<string, Task<string>> _begun = [];
    private EventWatch? _watch;
    private GrpcChannel? _channel;

    /// <summary>Makes the calls.</summary>
    /// <param name="lines">The table.</param>
    /// <param name="ns">The namespace of calls that name none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>What came of each line that is a call.</returns>
    public async Task<List<CallOutcome>> RunAsync(
        IEnumerable<string> lines,
        string ns,
        CancellationToken cancellationToken)
    {
        List<CallOutcome> outcomes = [];
        string? expected = null;
        bool alone = false;
        foreach (string line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            string[] words = line.Split(' ', 3);
            if (words[0] is "gantry" or "alone")
            {
                expected = words[1];
                alone = words[0] == "alone";
                continue;
            }

            string result = alone && daemon is ContainerdDaemon ? "not called" : await DoAsync(line, ns, cancellationToken);
            outcomes.Add(new CallOutcome(line, Normalise(result, ns), expected));
            expected = null;
            alone = false;
        }

        return outcomes;
    }

    public async ValueTask DisposeAsync()
    {
        _watch?.Dispose();
        foreach (AsyncDuplexStreamingCall<IMessage, IMessage> call in _held.Values)
        {
            call.Dispose();
        }

        _channel?.Dispose();

        // No runtime removes the cgroup that those of the containers are in.
        await CgroupTree.RemoveAsync(
            "/calls-" + Path.GetFileName(daemon.Home), CgroupLimit, TimeProvider.System, CancellationToken.None);
    }

    private async Task<string> DoAsync(string line, string ns, CancellationToken cancellationToken)
    {
        string[] words = line.Split(' ', 3);
        switch (words[0])
        {
            case "restart":
                _channel?.Dispose();
                _channel = null;
                await daemon.StopAsync();
                await daemon.StartAsync(cancellationToken);
                return "";
            case "release":
                return await ReleaseAsync(words[1], cancellationToken);
            case "hold":
                (MethodDescriptor held, Metadata headers, List<IMessage> first) = Read(words[2], ns);
                AsyncDuplexStreamingCall<IMessage, IMessage> call = Invoker().AsyncDuplexStreamingCall(
                    MethodOf(held), null, new CallOptions(headers, cancellationToken: cancellationToken));
                _held.Add(words[1], call);
                return await ExchangeAsync(call, first, cancellationToken);
            case "begin":
                _begun.Add(words[1], CallAsync(words[2], ns, cancellationToken));
                return "";
            case "end":
                return _begun.Remove(words[1], out Task<string>? answer) ? await answer : "not begun";
            case "watch":
                _watch = await EventWatch.StartAsync(Invoker(), ns, cancellationToken);
                return "";
            case "events":
                return await _watch!.NextAsync(int.Parse(words[1], CultureInfo.InvariantCulture));
            case "container":
                string made = await CallAsync(ContainerCall(words[1], words[2]), ns, cancellationToken);
                return made.StartsWith('{') ? "" : made;
            case "create":
                string[] more = words[2].Split(' ', 2);
                await CallAsync(ContainerCall(words[1], more[0]), ns, cancellationToken);
                return await CallAsync(TaskCall(words[1], more.Length > 1 ? more[1] : ""), ns, cancellationToken);
            case "sh":
                return await ShellAsync(line[3..], ns);
            default:
                return await CallAsync(line, ns, cancellationToken);
        }
    }

    private static string ContainerCall(string id, string file) =>
        """
        containers.Create {"container":{"id":"ID","runtime":{"name":"io.containerd.runc.v2","options":{
        "type_url":"containerd.runc.v1.Options","value":"2\u0004runc"}},"spec":{
        "type_url":"types.containerd.io/opencontainers/runtime-spec/1/Spec","value":"{{file:FILE@ID}}"}}}
        """
            .ReplaceLineEndings("")
            .Replace("ID", id, StringComparison.Ordinal)
            .Replace("FILE", file, StringComparison.Ordinal);

    private static string TaskCall(string id, string fields) =>
        """
        tasks.Create {"container_id":"ID","rootfs":[{"type":"bind","source":"{{home}}/rootfs","options":["rbind","rw"]}]MORE}
        """
            .Replace("ID", id, StringComparison.Ordinal)
            .Replace("MORE", fields.Length > 0 ? "," + fields : "", StringComparison.Ordinal);

    private async Task<string> ShellAsync(string command, string ns)
    {
        BufferedCommandResult result = await daemon.RunAsync(
            "timeout",
            ["30", "/bin/bash", "-c", command],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["D"] = daemon.Home,
                ["C"] = Path.Combine(AppContext.BaseDirectory, "Calls"),
                ["CONTAINERD_NAMESPACE"] = ns,
            });
        return result.ExitCode == 0
            ? result.StandardOutput
            : $"{result.StandardOutput}{result.StandardError}exit {result.ExitCode}";
    }

    private async Task<string> CallAsync(string line, string ns, CancellationToken cancellationToken)
    {
        (MethodDescriptor method, Metadata headers, List<IMessage> requests) = Read(line, ns);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        CallOptions options = new(headers, cancellationToken: limit.Token);
        try
        {
            if (method.IsClientStreaming)
            {
                using AsyncDuplexStreamingCall<IMessage, IMessage> call =
                    Invoker().AsyncDuplexStreamingCall(MethodOf(method), null, options);
                string said = await ExchangeAsync(call, requests, limit.Token);
                await call.RequestStream.CompleteAsync();
                while (await call.ResponseStream.MoveNext(limit.Token))
                {
                    // containerd says some things twice.
                }

                return said;
            }

            if (method.IsServerStreaming)
            {
                using AsyncServerStreamingCall<IMessage> call =
                    Invoker().AsyncServerStreamingCall(MethodOf(method), null, options, requests[0]);
                StringBuilder all = new();
                while (await call.ResponseStream.MoveNext(limit.Token))
                {
                    all.Append(ProtoText.Show(call.ResponseStream.Current));
                }

                return all.ToString();
            }

            return ProtoText.Show(await Invoker().AsyncUnaryCall(MethodOf(method), null, options, requests[0]));
        }
        catch (RpcException e)
        {
            return $"{e.StatusCode}: {e.Status.Detail}";
        }
    }

    /// <summary>Sends messages, each after the answer to the last.</summary>
    private static async Task<string> ExchangeAsync(
        AsyncDuplexStreamingCall<IMessage, IMessage> call,
        List<IMessage> requests,
        CancellationToken cancellationToken)
    {
        StringBuilder said = new();
        foreach (IMessage request in requests)
        {
            try
            {
                await call.RequestStream.WriteAsync(request, cancellationToken);
            }
            catch (Exception e) when (e is InvalidOperationException or RpcException)
            {
                // The call is over: why, is told to the reader.
                said.Append("refused: ");
            }

            try
            {
                bool more = await call.ResponseStream.MoveNext(cancellationToken);
                said.Append(more ? ProtoText.Show(call.ResponseStream.Current) : "end");
            }
            catch (RpcException e)
            {
                return said.Append($"{e.StatusCode}: {e.Status.Detail}").ToString();
            }
        }

        return said.ToString();
    }

    private async Task<string> ReleaseAsync(string name, CancellationToken cancellationToken)
    {
        _held.Remove(name, out AsyncDuplexStreamingCall<IMessage, IMessage>? call);
        using (call)
        {
            await call!.RequestStream.CompleteAsync();
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                // containerd says once more where it stands.
            }
        }

        return "";
    }

    private (MethodDescriptor Method, Metadata Headers, List<IMessage> Requests) Read(string line, string ns)
    {
        line = FileText().Replace(
            line.Replace("{{home}}", daemon.Home, StringComparison.Ordinal),
            match => JsonEncodedText.Encode(
                File.ReadAllText(Path.Combine(daemon.Home, match.Groups["name"].Value))
                    .Replace("CONTAINER", match.Groups["id"].Value, StringComparison.Ordinal)).ToString());
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        string[] name = line[..space].Split('.');
        MethodDescriptor method = Services[name[0]].FindMethodByName(name[1])
            ?? throw new InvalidDataException($"no such method: {line}");
        Metadata headers = [];
        string rest = line[(space + 1)..].TrimStart();
        while (rest[0] != '{')
        {
            int end = rest.IndexOf(' ', StringComparison.Ordinal);
            string[] header = rest[..end].Split('=', 2);
            if (header[0] == "ns")
            {
                ns = header[1];
            }
            else if (header[1].Length > 0)
            {
                headers.Add("containerd-" + header[0], header[1]);
            }

            rest = rest[(end + 1)..].TrimStart();
        }

        if (ns.Length > 0)
        {
            headers.Add("containerd-namespace", ns);
        }

        List<IMessage> requests = [];
        byte[] bytes = Encoding.UTF8.GetBytes(rest);
        int offset = 0;
        while (offset < bytes.Length)
        {
            Utf8JsonReader reader = new(bytes.AsSpan(offset), isFinalBlock: false, default);
            JsonElement json = JsonElement.ParseValue(ref reader);
            requests.Add(ProtoText.Parse(method.InputType, json));
            offset += (int)reader.BytesConsumed;
            while (offset < bytes.Length && bytes[offset] == ' ')
            {
                offset++;
            }
        }

        return (method, headers, requests);
    }

    private static Method<IMessage, IMessage> MethodOf(MethodDescriptor method) => new(
        (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (true, true) => MethodType.DuplexStreaming,
            (false, true) => MethodType.ServerStreaming,
            _ => MethodType.Unary,
        },
        method.Service.FullName,
        method.Name,
        Marshallers.Create(message => message.ToByteArray(), method.InputType.Parser.ParseFrom),
        Marshallers.Create(message => message.ToByteArray(), method.OutputType.Parser.ParseFrom));

    private string Normalise(string text, string ns)
    {
        // containerd's errors of snapshots show the name that one has in the store below: NAMESPACE/NUMBER/KEY.
        string plain = text.Replace(daemon.Home, "HOME", StringComparison.Ordinal)
            .Replace(Path.GetFileName(daemon.Home), "NAME", StringComparison.Ordinal);
        plain = SnapshotId().Replace(plain, "snapshots/N");

        // containerd 1.6 puts this option first, newer ones put it last.
        plain = plain.Replace("options=index=off ", "options=", StringComparison.Ordinal)
            .Replace(" index=off }", " }", StringComparison.Ordinal);
        plain = Regex.Replace(plain, $"(?<=[ \"]){ns}/[0-9]+/", "", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        plain = ProcessId().Replace(plain, "${before}N");
        plain = LabelLimit().Replace(plain, "label key and value greater than maximum size");
        return LockText().Replace(plain, "ref ${ref} locked for TIME");
    }

    /// <summary>The way to the daemon, until it is started anew.</summary>
    public CallInvoker Invoker()
    {
        _channel ??= UnixChannel.Open(daemon.Address);
        return _channel.CreateCallInvoker();
    }

    [GeneratedRegex(@"snapshots/\d+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SnapshotId();

    [GeneratedRegex(
        "(?<before> pid=)[0-9]+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProcessId();

    [GeneratedRegex(
        @"\{\{file:(?<name>[^}@]+)(@(?<id>[^}]*))?\}\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FileText();

    // containerd 2 also says how long the label is.
    [GeneratedRegex(
        @"label key and value( length \(\d+ bytes\))? greater than maximum size",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LabelLimit();

    // The name that a ref has in the store below differs: NAMESPACE/NUMBER/REF.
    [GeneratedRegex(
        @"ref [^ ]*?(?<ref>[^ /]+) locked for .*\(since .*?\)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LockText();
}
