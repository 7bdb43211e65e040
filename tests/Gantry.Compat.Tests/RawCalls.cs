using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Leases;
using Gantry.Api.Services.Namespaces;
using Gantry.Api.Services.Snapshots;
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
/// restart                                                        starts the daemon anew
/// gantry CODE REASON                                             the next call may differ: CODE is Gantry's
/// # anything
/// </code>
/// </summary>
internal sealed partial class RawCalls(PrivateDaemon daemon) : IAsyncDisposable
{
    private static readonly Dictionary<string, ServiceDescriptor> Services = new FileDescriptor[]
    {
        ContentReflection.Descriptor, ContainersReflection.Descriptor, ImagesReflection.Descriptor,
        LeasesReflection.Descriptor, NamespacesReflection.Descriptor, SnapshotsReflection.Descriptor,
    }.SelectMany(file => file.Services).ToDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, AsyncDuplexStreamingCall<IMessage, IMessage>> _held = [];
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
        foreach (string line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith("gantry ", StringComparison.Ordinal))
            {
                expected = line.Split(' ')[1];
                continue;
            }

            string result = await DoAsync(line, ns, cancellationToken);
            outcomes.Add(new CallOutcome(line, Normalise(result, ns), expected));
            expected = null;
        }

        return outcomes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AsyncDuplexStreamingCall<IMessage, IMessage> call in _held.Values)
        {
            call.Dispose();
        }

        _channel?.Dispose();
        await ValueTask.CompletedTask;
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
            default:
                return await CallAsync(line, ns, cancellationToken);
        }
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

    private static (MethodDescriptor Method, Metadata Headers, List<IMessage> Requests) Read(string line, string ns)
    {
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
        string plain = text.Replace(daemon.Home, "HOME", StringComparison.Ordinal);
        plain = SnapshotId().Replace(plain, "snapshots/N");

        // containerd 1.6 puts this option first, newer ones put it last.
        plain = plain.Replace("options=index=off ", "options=", StringComparison.Ordinal)
            .Replace(" index=off }", " }", StringComparison.Ordinal);
        plain = Regex.Replace(plain, $"(?<=[ \"]){ns}/[0-9]+/", "", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        plain = LabelLimit().Replace(plain, "label key and value greater than maximum size");
        return LockText().Replace(plain, "ref ${ref} locked for TIME");
    }

    private CallInvoker Invoker()
    {
        _channel ??= GrpcChannel.ForAddress(
            "http://localhost",
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    ConnectCallback = async (_, token) =>
                    {
                        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.Address), token);
                        return new NetworkStream(socket, ownsSocket: true);
                    },
                },
                DisposeHttpClient = true,
            });
        return _channel.CreateCallInvoker();
    }

    [GeneratedRegex(@"snapshots/\d+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SnapshotId();

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
