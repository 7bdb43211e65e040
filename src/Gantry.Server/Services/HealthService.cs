using Grpc.Core;
using Grpc.Health.V1;

namespace Gantry.Server.Services;

/// <summary>grpc.health.v1.Health: the daemon serves as soon as it answers at all.</summary>
internal sealed class HealthService(Hosting.DaemonLifetime lifetime) : Health.HealthBase
{
    /// <inheritdoc/>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        request.Service.Length == 0
            ? Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving })
            : throw new RpcException(new Status(StatusCode.NotFound, "unknown service"));

    /// <inheritdoc/>
    public override async Task Watch(
        HealthCheckRequest request,
        IServerStreamWriter<HealthCheckResponse> responseStream,
        ServerCallContext context)
    {
        HealthCheckResponse response = new()
        {
            Status = request.Service.Length == 0
                ? HealthCheckResponse.Types.ServingStatus.Serving
                : HealthCheckResponse.Types.ServingStatus.ServiceUnknown,
        };
        using CancellationTokenSource ended = lifetime.Link(context.CancellationToken);
        await responseStream.WriteAsync(response, ended.Token);
        await Task.Delay(Timeout.InfiniteTimeSpan, lifetime.Time, ended.Token);
    }
}
