using Gantry.Api.KeptEvents;
using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Server.Tests.Services;

/// <summary>What the audit log has of calls.</summary>
public sealed class AuditTests
{
    private static readonly Metadata Ns = new() { { "containerd-namespace", "audit" } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_that_a_client_forwards_is_kept_as_one_that_it_publishes()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        Any payload = new() { TypeUrl = "x" };
        await new Events.EventsClient(daemon.Calls).PublishAsync(
            new PublishRequest { Topic = "/published", Event = payload }, Ns, cancellationToken: Token);
        await new Events.EventsClient(daemon.Calls).ForwardAsync(
            new ForwardRequest
            {
                Envelope = new Envelope
                {
                    Topic = "/forwarded",
                    Namespace = "audit",
                    Timestamp = new Timestamp { Seconds = 1 },
                    Event = payload,
                },
            },
            Ns,
            cancellationToken: Token);

        AuditRecord[] calls = await AuditAsync(daemon);

        Assert.Equal(
            ["/containerd.services.events.v1.Events/Publish /published", "/containerd.services.events.v1.Events/Forward /forwarded"],
            calls.Select(call => $"{call.Method} {call.Object}"));
    }

    [Fact]
    public async Task What_a_call_is_about_takes_no_more_room_than_a_path()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        await Assert.ThrowsAsync<RpcException>(async () => await new Events.EventsClient(daemon.Calls).PublishAsync(
            new PublishRequest { Topic = "/" + new string('a', 1 << 20), Event = new Any { TypeUrl = "x" } },
            Ns,
            cancellationToken: Token));

        AuditRecord call = Assert.Single(await AuditAsync(daemon));

        Assert.Equal("/" + new string('a', 4095), call.Object);
    }

    private static async Task<AuditRecord[]> AuditAsync(DaemonHarness daemon)
    {
        List<AuditRecord> calls = [];
        using AsyncServerStreamingCall<KeptEvent> reply = new EventLog.EventLogClient(daemon.Calls).Replay(
            new ReplayRequest { Cursor = "earliest", Log = Log.Audit }, cancellationToken: Token);
        await foreach (KeptEvent kept in reply.ResponseStream.ReadAllAsync(Token))
        {
            calls.Add(AuditRecord.Parser.ParseFrom(kept.Envelope.Event.Value));
        }

        return [.. calls];
    }
}
