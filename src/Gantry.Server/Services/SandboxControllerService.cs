using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Sandbox;
using Gantry.Api.Services.Sandbox;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Shims;
using Gantry.Server.Publishing;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>
/// containerd.services.sandbox.v1.Controller. Every call names the controller that it is for; there is one, <c>shim</c>,
/// whose sandboxes are shims.
/// </summary>
internal sealed class SandboxControllerService(SandboxController controller, EventPublisher events)
    : Controller.ControllerBase
{
    /// <inheritdoc/>
    public override async Task<ControllerCreateResponse> Create(
        ControllerCreateRequest request, ServerCallContext context)
    {
        Namespace ns = Check(request.Sandboxer, context);
        SandboxRecord record =
            request.Sandbox is null ? new SandboxRecord(request.SandboxId) : request.Sandbox.ToRecord();
        SandboxCreation creation = new(record)
        {
            RootFilesystem = request.Rootfs.ToRecords(),
            Options = request.Options.ToRecord(),
            NetworkNamespace = request.NetnsPath,
            Annotations = request.Annotations.ToRecord(),
        };
        await controller.CreateAsync(ns, creation, context.CancellationToken);
        await events.PublishAsync(ns, "/sandboxes/create", new SandboxCreate { SandboxId = request.SandboxId });
        return new ControllerCreateResponse { SandboxId = request.SandboxId };
    }

    /// <inheritdoc/>
    public override async Task<ControllerStartResponse> Start(ControllerStartRequest request, ServerCallContext context)
    {
        Namespace ns = Check(request.Sandboxer, context);
        StartSandboxResponse started = await controller.StartAsync(ns, request.SandboxId, context.CancellationToken);
        await events.PublishAsync(ns, "/sandboxes/start", new SandboxStart { SandboxId = request.SandboxId });
        BootstrapResult shim = await controller.ShimOfAsync(ns, request.SandboxId, context.CancellationToken);
        return new ControllerStartResponse
        {
            SandboxId = request.SandboxId,
            Pid = started.Pid,
            CreatedAt = started.CreatedAt,
            Spec = started.Spec,
            Address = AddressOf(shim),
            Version = (uint)shim.Version,
        };
    }

    /// <inheritdoc/>
    public override async Task<ControllerPlatformResponse> Platform(
        ControllerPlatformRequest request, ServerCallContext context) => new()
        {
            Platform = await controller.PlatformAsync(
                Check(request.Sandboxer, context), request.SandboxId, context.CancellationToken),
        };

    /// <inheritdoc/>
    public override async Task<ControllerStopResponse> Stop(ControllerStopRequest request, ServerCallContext context)
    {
        await controller.StopAsync(
            Check(request.Sandboxer, context), request.SandboxId, request.TimeoutSecs, context.CancellationToken);
        return new ControllerStopResponse();
    }

    /// <inheritdoc/>
    public override async Task<ControllerWaitResponse> Wait(ControllerWaitRequest request, ServerCallContext context)
    {
        SandboxEnd end = await controller.WaitAsync(
            Check(request.Sandboxer, context), request.SandboxId, context.CancellationToken);
        return new ControllerWaitResponse { ExitStatus = end.Status, ExitedAt = end.At };
    }

    /// <inheritdoc/>
    public override async Task<ControllerStatusResponse> Status(
        ControllerStatusRequest request, ServerCallContext context)
    {
        (SandboxStatusResponse status, BootstrapResult? shim) = await controller.StatusAsync(
            Check(request.Sandboxer, context), request.SandboxId, request.Verbose, context.CancellationToken);
        ControllerStatusResponse response = new()
        {
            SandboxId = status.SandboxId,
            Pid = status.Pid,
            State = status.State,
            CreatedAt = status.CreatedAt,
            ExitedAt = status.ExitedAt,
            Extra = status.Extra,
            Address = shim is null ? "" : AddressOf(shim),
            Version = (uint)(shim?.Version ?? 0),
        };
        response.Info.Add(status.Info);
        return response;
    }

    /// <inheritdoc/>
    public override async Task<ControllerShutdownResponse> Shutdown(
        ControllerShutdownRequest request, ServerCallContext context)
    {
        await controller.ShutdownAsync(Check(request.Sandboxer, context), request.SandboxId, context.CancellationToken);
        return new ControllerShutdownResponse();
    }

    /// <inheritdoc/>
    public override async Task<ControllerMetricsResponse> Metrics(
        ControllerMetricsRequest request, ServerCallContext context) => new()
        {
            Metrics = await controller.MetricsAsync(
                Check(request.Sandboxer, context), request.SandboxId, context.CancellationToken),
        };

    /// <inheritdoc/>
    /// <remarks>A shim has no such call, so there is nothing to be done; containerd's controller says so too.</remarks>
    public override Task<ControllerUpdateResponse> Update(ControllerUpdateRequest request, ServerCallContext context)
    {
        Check(request.Sandboxer, context);
        return request.Sandbox is null
            ? throw GantryException.Verbatim(ErrorKind.Unknown, "sandbox can not be nil")
            : Task.FromResult(new ControllerUpdateResponse());
    }

    /// <summary>The namespace of a call, when it is for a controller that is there.</summary>
    private static Namespace Check(string sandboxer, ServerCallContext context) => sandboxer switch
    {
        "" => throw GantryException.Verbatim(
            ErrorKind.InvalidArgument, "invalid argument: sandbox controller name can not be empty"),
        SandboxController.Name => context.Namespace(),
        _ => throw GantryException.Verbatim(
            ErrorKind.NotFound, $"not found: failed to get sandbox controller by {sandboxer}"),
    };

    private static string AddressOf(BootstrapResult shim) => $"{shim.Protocol}+{shim.Address}";
}
