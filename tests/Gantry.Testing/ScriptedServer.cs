using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gantry.Testing;

/// <summary>
/// A small http server for what a real registry does not do: it breaks off, lies, resets and stalls. One request a
/// connection.
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private const byte TlsHandshake = 0x16;
    private const int MaxHeadBytes = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ScriptedRequest, ScriptedAnswer> _script;
    private readonly Func<string, string, int?> _resetRequestAfter;
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();
    private readonly Task _run;

    /// <summary>Starts it.</summary>
    /// <param name="script">What it answers to what.</param>
    /// <param name="resetRequestAfter">
    /// After how many bytes of the body of a request (its method and path) the connection is reset; null for never.
    /// Such a request comes to the script with the bytes that were read, and its answer is not sent.
    /// </param>
    public ScriptedServer(
        Func<ScriptedRequest, ScriptedAnswer> script,
        Func<string, string, int?>? resetRequestAfter = null)
    {
        _script = script;
        _resetRequestAfter = resetRequestAfter ?? ((_, _) => null);
        _listener.Start();
        _run = RunAsync();
    }

    /// <summary>The host of references to it.</summary>
    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What it was asked so far.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];

    /// <inheritdoc/>
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
        await Task.Yield();
        using (client)
        {
            try
            {
                client.NoDelay = true;
                if (await ServeAsync(client.GetStream()))
                {
                    client.Client.LingerState = new LingerOption(true, 0);
                    client.Client.Close();
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The client has gone, or the test is over.
            }
        }
    }

    // True when the connection is to be reset.
    private async Task<bool> ServeAsync(NetworkStream stream)
    {
        byte[] start = new byte[1];
        if (await stream.ReadAsync(start, _stop.Token) == 0)
        {
            return false;
        }

        if (start[0] == TlsHandshake)
        {
            // The probe of a client: say at once that this is no TLS.
            await stream.WriteAsync("HTTP/1.0 400 Bad Request\r\n\r\n"u8.ToArray(), _stop.Token);
            return false;
        }

        string[] lines = await ReadHeadAsync(stream, start[0]);
        string[] first = lines[0].Split(' ');
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string header in lines.Skip(1))
        {
            int colon = header.IndexOf(':', StringComparison.Ordinal);
            headers[header[..colon]] = header[(colon + 1)..].Trim();
        }

        int length = headers.TryGetValue("Content-Length", out string? text)
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        int? cut = _resetRequestAfter(first[0], first[1]) is { } after && after < length ? after : null;
        byte[] body = new byte[cut ?? length];
        await stream.ReadExactlyAsync(body, _stop.Token);
        ScriptedRequest request = new(first[0], first[1], headers, body);
        _requests.Enqueue(request);
        ScriptedAnswer answer = _script(request);
        return cut is not null || await AnswerAsync(stream, request, answer);
    }

    private async Task<string[]> ReadHeadAsync(NetworkStream stream, byte first)
    {
        List<byte> head = [first];
        byte[] one = new byte[1];
        while (head.Count < 4 || head[^1] != '\n' || head[^3] != '\n')
        {
            if (head.Count > MaxHeadBytes || await stream.ReadAsync(one, _stop.Token) == 0)
            {
                throw new IOException("no whole request");
            }

            head.Add(one[0]);
        }

        return Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<bool> AnswerAsync(NetworkStream stream, ScriptedRequest request, ScriptedAnswer answer)
    {
        StringBuilder text = new($"HTTP/1.1 {answer.Status} Status\r\nConnection: close\r\n");
        text.Append(
            CultureInfo.InvariantCulture, $"Content-Length: {answer.SaidLength ?? answer.Body.Length}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        byte[] head = Encoding.ASCII.GetBytes(text + "\r\n");
        if (answer.BreakAfter < 0)
        {
            await stream.WriteAsync(head.AsMemory(0, head.Length / 2), _stop.Token);
        }
        else
        {
            await stream.WriteAsync(head, _stop.Token);
            int end = request.Method == "HEAD" ? 0 : Math.Min(answer.BreakAfter ?? answer.Body.Length, answer.Body.Length);
            await SendBodyAsync(stream, answer, end);
        }

        if (answer.Stall)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }

        return answer.Reset;
    }

    private async Task SendBodyAsync(NetworkStream stream, ScriptedAnswer answer, int end)
    {
        int piece = answer.DripBytes > 0 ? answer.DripBytes : Math.Max(end, 1);
        for (int sent = 0; sent < end; sent += piece)
        {
            await stream.WriteAsync(answer.Body.AsMemory(sent, Math.Min(piece, end - sent)), _stop.Token);
            if (answer.DripDelay > TimeSpan.Zero)
            {
                await Task.Delay(answer.DripDelay, _stop.Token);
            }
        }
    }
}
