using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gantry.Distribution.Tests;

/// <summary>A small http server for what a real registry does not do: it breaks off, lies, and stalls.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private const byte TlsHandshake = 0x16;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Request, Answer> _script;
    private readonly ConcurrentQueue<Request> _requests = new();
    private readonly Task _run;

    public ScriptedServer(Func<Request, Answer> script)
    {
        _script = script;
        _listener.Start();
        _run = RunAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public IReadOnlyList<Request> Requests => [.. _requests];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _run;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<Task> connections = [];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                break;
            }
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ServeAsync(client.GetStream());
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The client has gone, or the test is over.
            }
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        byte[] start = new byte[1];
        if (await stream.ReadAsync(start, _stop.Token) == 0)
        {
            return;
        }

        if (start[0] == TlsHandshake)
        {
            // The probe of a client: say at once that this is no TLS.
            await stream.WriteAsync("HTTP/1.0 400 Bad Request\r\n\r\n"u8.ToArray(), _stop.Token);
            return;
        }

        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        string[] first = ((char)start[0] + await reader.ReadLineAsync(_stop.Token)).Split(' ');
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
        {
            int colon = header.IndexOf(':', StringComparison.Ordinal);
            headers[header[..colon]] = header[(colon + 1)..].Trim();
        }

        string body = "";
        if (headers.TryGetValue("Content-Length", out string? length))
        {
            char[] buffer = new char[int.Parse(length, CultureInfo.InvariantCulture)];
            await reader.ReadBlockAsync(buffer, _stop.Token);
            body = new string(buffer);
        }

        Request request = new(first[0], first[1], headers, body);
        _requests.Enqueue(request);
        Answer answer = _script(request);
        StringBuilder head = new($"HTTP/1.1 {answer.Status} Status\r\nConnection: close\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "\r\n"), _stop.Token);
        if (request.Method != "HEAD")
        {
            int end = Math.Min(answer.BreakAfter ?? answer.Body.Length, answer.Body.Length);
            await stream.WriteAsync(answer.Body.AsMemory(0, end), _stop.Token);
        }

        if (answer.Stall)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }
    }

    internal sealed record Request(
        string Method,
        string Path,
        IReadOnlyDictionary<string, string> Headers,
        string Body);

    internal sealed record Answer(int Status)
    {
        public byte[] Body { get; init; } = [];

        public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

        public int? BreakAfter { get; init; }

        public bool Stall { get; init; }
    }
}
