using System.Runtime.InteropServices;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Sandbox;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Shim.Tasks;
using Grpc.Core;

namespace Gantry.Shim.Sandboxes;

/// <summary>
/// The sandbox service of the shim. Containers join the sandbox when the daemon creates their tasks over the shim's socket;
/// what namespaces they share their specs say.
/// </summary>
internal sealed class SandboxService(PodSandbox sandbox, TaskService tasks, TimeProvider time, Action shutdown)
    : Gantry.Api.Runtime.Sandbox.Sandbox.SandboxBase
{
    private const string Ready = "SANDBOX_READY";
    private const string NotReady = "SANDBOX_NOTREADY";

    public override Task<CreateSandboxResponse> CreateSandbox(CreateSandboxRequest request, ServerCallContext context)
    {
        Identifier.Validate(request.SandboxId);
        if (request.Rootfs.Count > 0)
        {
            throw new GantryException(
                ErrorKind.NotImplemented, $"sandbox {request.SandboxId}: a root filesystem of its own");
        }

        sandbox.Create(request.SandboxId);
        return Task.FromResult(new CreateSandboxResponse());
    }

    public override Task<StartSandboxResponse> StartSandbox(StartSandboxRequest request, ServerCallContext context)
    {
        sandbox.Start(request.SandboxId);
        return Task.FromResult(new StartSandboxResponse
        {
            Pid = (uint)Environment.ProcessId,
            CreatedAt = sandbox.CreatedAt.ToMessage(),
        });
    }

    public override Task<PlatformResponse> Platform(PlatformRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        return Task.FromResult(new PlatformResponse
        {
            Platform = new Platform
            {
                Os = "linux",
                Architecture = RuntimeInformation.ProcessArchitecture switch
                {
                    Architecture.X64 => "amd64",
                    Architecture.Arm64 => "arm64",
                    Architecture other => other.ToString().ToLowerInvariant(),
                },
            },
        });
    }

    public override async Task<StopSandboxResponse> StopSandbox(StopSandboxRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        await StopAsync(TimeSpan.FromSeconds(request.TimeoutSecs), context.CancellationToken);
        return new StopSandboxResponse();
    }

    public override async Task<WaitSandboxResponse> WaitSandbox(WaitSandboxRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        DateTimeOffset at = await sandbox.Stopped.WaitAsync(context.CancellationToken);
        return new WaitSandboxResponse { ExitedAt = at.ToMessage() };
    }

    public override async Task<SandboxStatusResponse> SandboxStatus(SandboxStatusRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        SandboxStatusResponse response = new()
        {
            SandboxId = request.SandboxId,
            Pid = (uint)Environment.ProcessId,
            State = sandbox.IsReady ? Ready : NotReady,
            CreatedAt = sandbox.CreatedAt.ToMessage(),
        };
        if (sandbox.Stopped.IsCompleted)
        {
            response.ExitedAt = (await sandbox.Stopped).ToMessage();
        }

        if (request.Verbose)
        {
            string[] ids = [.. tasks.Containers.Select(container => container.Id).Order(StringComparer.Ordinal)];
            response.Info.Add("containers", string.Join(',', ids));
        }

        return response;
    }

    public override Task<PingResponse> PingSandbox(PingRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        return Task.FromResult(new PingResponse());
    }

    public override async Task<ShutdownSandboxResponse> ShutdownSandbox(
        ShutdownSandboxRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        await StopAsync(TimeSpan.Zero, context.CancellationToken);
        shutdown();
        return new ShutdownSandboxResponse();
    }

    public override Task<SandboxMetricsResponse> SandboxMetrics(SandboxMetricsRequest request, ServerCallContext context)
    {
        sandbox.Check(request.SandboxId);
        return Task.FromResult(new SandboxMetricsResponse
        {
            Metrics = new Metric
            {
                Id = request.SandboxId,
                Timestamp = time.GetUtcNow().ToMessage(),
                Data = PodMetrics.Sum(tasks.Containers.Select(container => container.Cgroup)).ToMessage(),
            },
        });
    }

    private async Task StopAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await tasks.StopAllAsync(timeout, cancellationToken);
        sandbox.Stop();
    }
}
