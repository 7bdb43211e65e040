using Gantry.Api.KeptEvents;
using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Server.Hosting;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>gantry.events.v1.EventLog.</summary>
internal sealed class EventLogService(IEventReplay events, IEventReplay audit, DaemonLifetime lifetime)
    : EventLog.EventLogBase
{
    /// <inheritdoc/>
    public override Task Replay(
        ReplayRequest request,
        IServerStreamWriter<KeptEvent> responseStream,
        ServerCallContext context) => context.SendEventsAsync(
        lifetime,
        responseStream,
        ended => Of(request.Log).Replay(
            new EventReplay(EventCursor.Parse(request.Cursor), request.Filters, request.Follow, request.Until?.ToRecord()),
            ended),
        static envelope => envelope.ToKeptMessage());

    /// <inheritdoc/>
    public override async Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        KeptRange kept = await Of(request.Log).KeptAsync(context.CancellationToken);
        return new StatusResponse { Oldest = kept.Oldest, Last = kept.Last };
    }

    private IEventReplay Of(Log log) => log switch
    {
        Log.Events => events,
        Log.Audit => audit,
        _ => throw new GantryException(ErrorKind.InvalidArgument, $"there is no log {(int)log}"),
    };
}
