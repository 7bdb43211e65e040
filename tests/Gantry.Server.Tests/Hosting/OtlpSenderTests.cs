using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gantry.Client.Tracing;
using Gantry.Core.Tracing;
using Gantry.Testing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class OtlpSenderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_gRPC_a_batch_is_one_call_of_the_trace_service()
    {
        Collector collector = new(async (context, body) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5], Token);
            context.Response.AppendTrailer("grpc-status", body.Length > 5 ? "0" : "3");
        });
        await using RunningServer server = await RunningServer.StartAsync(collector, HttpProtocols.Http2, Token);
        TraceSettings settings = TraceSettings.Read(
            name => name switch
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT" => server.Address,
                "OTEL_EXPORTER_OTLP_PROTOCOL" => "grpc",
                "OTEL_EXPORTER_OTLP_HEADERS" => "key=value",
                _ => null,
            },
            "test",
            out _)!;
        using OtlpSender sender = new(settings);

        await using (new SpanCollector(settings, sender.SendAsync, failure => Assert.Fail(failure.Message), TimeProvider.System))
        {
            Traces.Source.StartActivity("over-grpc")!.Dispose();
        }

        Assert.Equal("POST /opentelemetry.proto.collector.trace.v1.TraceService/Export application/grpc value", collector.Request);
        Assert.Equal(collector.Body.Length - 5, BinaryPrimitives.ReadInt32BigEndian(collector.Body.AsSpan(1)));
        Assert.Contains(TracedSpan.ReadAll(collector.Body[5..]), span => span.Name == "over-grpc");
    }

    [Fact]
    public async Task A_status_other_than_OK_is_a_failure()
    {
        Collector collector = new((context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", "8");
            return Task.CompletedTask;
        });
        await using RunningServer server = await RunningServer.StartAsync(collector, HttpProtocols.Http2, Token);
        using OtlpSender sender = new(new TraceSettings { Endpoint = new Uri(server.Address), Grpc = true });

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(() => sender.SendAsync([1], Token));

        Assert.EndsWith("gRPC status 8", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_without_an_end_is_not_read_to_its_end()
    {
        Collector collector = new(async (context, _) =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[4096], context.RequestAborted);
            }
        });
        await using RunningServer server = await RunningServer.StartAsync(collector, HttpProtocols.Http1, Token);
        using OtlpSender sender = new(new TraceSettings { Endpoint = new Uri(server.Address) });

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(
            () => sender.SendAsync([1], Token).WaitAsync(TimeSpan.FromMinutes(1), Token));

        Assert.Equal("the collector's answer is larger than 65536 bytes", failure.Message);
    }

    /// <summary>Remembers what came, and answers as it is told to.</summary>
    private sealed class Collector(Func<HttpContext, byte[], Task> answer) : IHttpApplication<HttpContext>
    {
        public string Request { get; private set; } = "";

        public byte[] Body { get; private set; } = [];

        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public async Task ProcessRequestAsync(HttpContext context)
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            Body = body.ToArray();
            HttpRequest request = context.Request;
            Request = $"{request.Method} {request.Path} {request.ContentType} {request.Headers["key"]}";
            await answer(context, Body);
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }

    private sealed class RunningServer : IAsyncDisposable
    {
        private readonly KestrelServer _server;

        private RunningServer(KestrelServer server, string address)
        {
            _server = server;
            Address = address;
        }

        public string Address { get; }

        public static async Task<RunningServer> StartAsync(Collector collector, HttpProtocols protocols, CancellationToken token)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            KestrelServerOptions options = new();
            options.Listen(socket.LocalEndPoint!, listen => listen.Protocols = protocols);
            SocketTransportOptions transport = new() { CreateBoundListenSocket = _ => socket };
            KestrelServer server = new(
                Options.Create(options),
                new SocketTransportFactory(Options.Create(transport), NullLoggerFactory.Instance),
                NullLoggerFactory.Instance);
            await server.StartAsync(collector, token);
            return new RunningServer(server, $"http://{socket.LocalEndPoint}");
        }

        public ValueTask DisposeAsync()
        {
            _server.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
