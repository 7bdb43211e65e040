using System.Text.RegularExpressions;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Io;
using Gantry.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Win32.SafeHandles;
using Metrics = Gantry.Api.Cgroups.V1.Metrics;

namespace Gantry.Shim.Tests;

/// <summary>The same calls, made to Debian's containerd-shim-runc-v2 and to this shim: the answers are the same.</summary>
public sealed partial class PeerTests
{
    private const string Peer = "containerd-shim-runc-v2";

    /// <summary>Calls whose answers differ on purpose.</summary>
    private static readonly string[] Intended =
    [
        // What is malformed is said to be: InvalidArgument, where Go's JSON error comes as Unknown.
        "running:update-malformed", "exec:malformed",

        // An exec that could not be started has ended, with 255; containerd leaves it created for ever, with status 0.
        "exec:nonexistent:state", "exec:nonexistent:wait", "exec:nonexistent:delete",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_call_is_answered_as_containerds_shim_answers_it()
    {
        Needs.Program(Peer);

        List<(string Call, string Answer)> theirs = await RunAsync(Peer);
        List<(string Call, string Answer)> ours = await RunAsync(ShimBinary.Name);

        string[] different =
        [
            .. theirs.Zip(ours)
                .Where(pair => pair.First.Answer != pair.Second.Answer && !Intended.Contains(pair.First.Call))
                .Select(pair => $"{pair.First.Call}\n  theirs: {pair.First.Answer}\n  ours:   {pair.Second.Answer}"),
        ];
        Assert.True(different.Length == 0, string.Join('\n', different));
        Assert.Equal(theirs.Count, ours.Count);
    }

    private static async Task<List<(string Call, string Answer)>> RunAsync(string program)
    {
        await using ShimUnderTest shim = new("runc", program);
        List<(string, string)> answers = [];
        shim.MakeBundle("c1", ["sleep", "1000"]);

        // Containerd's shim does not live without somebody who reads its log.
        using SafeFileHandle log = Descriptors.OpenFifo(shim.MakeFifo("b/c1/log"));
        await shim.LaunchAsync("c1", Token);
        foreach ((string call, Func<ShimUnderTest, Task<string>> make) in Script())
        {
            string answer;
            try
            {
                answer = "ok " + await make(shim);
            }
            catch (RpcException e)
            {
                answer = $"{e.StatusCode} {e.Status.Detail}";
            }

            answers.Add((call, Normal(shim, answer)));
        }

        return answers;
    }

    private static string Normal(ShimUnderTest shim, string answer) =>
        Volatile().Replace(answer.Replace(shim["."][..^2], "DIR", StringComparison.Ordinal), "#");

    /// <summary>Numbers of processes.</summary>
    [GeneratedRegex("(?<=pid )[1-9][0-9]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Volatile();

    private static IEnumerable<(string Call, Func<ShimUnderTest, Task<string>> Make)> Script()
    {
        (string, Func<ShimUnderTest, Task<string>>)[] nothing = [.. OfNothing("c1", "")];
        return
        [
            .. nothing.Select(step => ("before:" + step.Item1, step.Item2)),
            ("connect", s => Connect(s, "c1")),
            ("create", s => Create(s, "c1")),
            ("created:state", s => State(s, "c1", "")),
            ("created:connect", s => Connect(s, "c1")),
            ("created:pause", s => Pause(s, "c1")),
            ("created:resume", s => Resume(s, "c1")),
            ("created:pids", s => Pids(s, "c1")),
            ("created:stats", s => Stats(s, "c1")),
            .. OfNothing("c1", "e1").Select(step => ("no-exec:" + step.Item1, step.Item2)),
            ("start", s => Start(s, "c1", "")),
            ("running:start", s => Start(s, "c1", "")),
            ("running:state", s => State(s, "c1", "")),
            ("running:delete", s => Delete(s, "c1", "")),
            ("running:resume", s => Resume(s, "c1")),
            ("running:resize", s => Resize(s, "c1", "")),
            ("running:closeio", s => CloseIO(s, "c1", "")),
            ("running:update", s => Update(s, "c1", """{"pids": {"limit": 50}}""")),
            ("running:update-malformed", s => Update(s, "c1", "{")),
            ("running:kill-no-signal", s => Kill(s, "c1", "", 0)),
            ("exec:malformed", s => Exec(s, "c1", "e0", "{")),
            ("exec:add", s => Exec(s, "c1", "e1", "sleep", "1000")),
            ("exec:add-again", s => Exec(s, "c1", "e1", "true")),
            ("exec:created:state", s => State(s, "c1", "e1")),
            ("exec:created:kill", s => Kill(s, "c1", "e1", 9)),
            ("exec:created:resize", s => Resize(s, "c1", "e1")),
            ("exec:created:closeio", s => CloseIO(s, "c1", "e1")),
            ("exec:start", s => Start(s, "c1", "e1")),
            ("exec:running:start", s => Start(s, "c1", "e1")),
            ("exec:running:delete", s => Delete(s, "c1", "e1")),
            ("exec:running:state", s => State(s, "c1", "e1")),
            ("exec:running:pids", s => Pids(s, "c1")),
            ("pause", s => Pause(s, "c1")),
            ("paused:state", s => State(s, "c1", "")),
            ("paused:exec-state", s => State(s, "c1", "e1")),
            ("paused:pause", s => Pause(s, "c1")),
            ("paused:start", s => Start(s, "c1", "")),
            ("paused:delete", s => Delete(s, "c1", "")),
            ("paused:exec", s => Exec(s, "c1", "e2", "true")),
            ("paused:update", s => Update(s, "c1", """{"pids": {"limit": 60}}""")),
            ("resume", s => Resume(s, "c1")),
            ("exec:kill", s => Kill(s, "c1", "e1", 9)),
            ("exec:wait", s => Wait(s, "c1", "e1")),
            ("exec:stopped:state", s => State(s, "c1", "e1")),
            ("exec:stopped:start", s => Start(s, "c1", "e1")),
            ("exec:stopped:kill", s => Kill(s, "c1", "e1", 9)),
            ("exec:stopped:resize", s => Resize(s, "c1", "e1")),
            ("exec:stopped:delete", s => Delete(s, "c1", "e1")),
            ("exec:deleted:delete", s => Delete(s, "c1", "e1")),
            ("exec:add-unstarted", s => Exec(s, "c1", "e3", "true")),
            ("exec:unstarted:delete", s => Delete(s, "c1", "e3")),
            ("exec:add-nonexistent", s => Exec(s, "c1", "e4", "nope")),
            ("exec:nonexistent:start", s => Start(s, "c1", "e4")),
            ("exec:nonexistent:state", s => State(s, "c1", "e4")),
            ("exec:nonexistent:wait", s => Wait(s, "c1", "e4")),
            ("exec:nonexistent:delete", s => Delete(s, "c1", "e4")),
            ("kill", s => Kill(s, "c1", "", 9)),
            ("wait", s => Wait(s, "c1", "")),
            ("stopped:state", s => State(s, "c1", "")),
            ("stopped:start", s => Start(s, "c1", "")),
            ("stopped:pause", s => Pause(s, "c1")),
            ("stopped:resume", s => Resume(s, "c1")),
            ("stopped:update", s => Update(s, "c1", """{"pids": {"limit": 50}}""")),
            ("stopped:exec", s => Exec(s, "c1", "e5", "true")),
            ("stopped:kill", s => Kill(s, "c1", "", 9)),
            ("stopped:wait", s => Wait(s, "c1", "")),
            ("stopped:resize", s => Resize(s, "c1", "")),
            ("stopped:closeio", s => CloseIO(s, "c1", "")),
            ("create-second-nonexistent", s => Create(s, "c2", "nope")),
            ("create-second", s => Create(s, "c3")),
            ("second:state", s => State(s, "c3", "")),
            ("shutdown-with-containers", s => Shutdown(s)),
            ("delete", s => Delete(s, "c1", "")),
            .. nothing.Select(step => ("deleted:" + step.Item1, step.Item2)),
            ("second:start", s => Start(s, "c3", "")),
            ("second:kill-all", s => Kill(s, "c3", "", 9, all: true)),
            ("second:wait", s => Wait(s, "c3", "")),
            ("second:delete", s => Delete(s, "c3", "")),
            ("unknown-method", s => Call(s, "containerd.task.v2.Task", "Dance")),
            ("unknown-service", s => Call(s, "containerd.dance.v1.Dance", "Dance")),
            ("shutdown", s => Shutdown(s)),
        ];
    }

    /// <summary>Every call about something that is not there.</summary>
    private static IEnumerable<(string Call, Func<ShimUnderTest, Task<string>> Make)> OfNothing(string id, string exec)
    {
        yield return ("state", s => State(s, id, exec));
        yield return ("start", s => Start(s, id, exec));
        yield return ("delete", s => Delete(s, id, exec));
        yield return ("kill", s => Kill(s, id, exec, 9));
        yield return ("wait", s => Wait(s, id, exec));
        yield return ("resize", s => Resize(s, id, exec));
        yield return ("closeio", s => CloseIO(s, id, exec));
        if (exec.Length == 0)
        {
            yield return ("exec", s => Exec(s, id, "e9", "true"));
            yield return ("pause", s => Pause(s, id));
            yield return ("resume", s => Resume(s, id));
            yield return ("pids", s => Pids(s, id));
            yield return ("stats", s => Stats(s, id));
            yield return ("update", s => Update(s, id, "{}"));
        }
    }

    private static async Task<string> Create(ShimUnderTest s, string id, string program = "sleep")
    {
        if (!Directory.Exists(s.Bundle(id)))
        {
            s.MakeBundle(id, [program, "1000"]);
        }

        CreateTaskResponse response = await s.Task.CreateAsync(s.CreateRequest(id), cancellationToken: Token);
        return $"pid {response.Pid}";
    }

    private static async Task<string> Start(ShimUnderTest s, string id, string exec) =>
        $"pid {(await s.Task.StartAsync(new StartRequest { Id = id, ExecId = exec }, cancellationToken: Token)).Pid}";

    private static async Task<string> State(ShimUnderTest s, string id, string exec)
    {
        StateResponse r = await s.Task.StateAsync(new StateRequest { Id = id, ExecId = exec }, cancellationToken: Token);
        return $"{r.Id} {r.Status} pid {r.Pid} {r.Bundle} {r.Stdin}{r.Stdout}{r.Stderr} {r.Terminal} exit {r.ExitStatus} "
            + $"at {Shown(r.ExitedAt)} exec '{r.ExecId}'";
    }

    private static async Task<string> Delete(ShimUnderTest s, string id, string exec)
    {
        DeleteResponse r = await s.Task.DeleteAsync(new DeleteRequest { Id = id, ExecId = exec }, cancellationToken: Token);
        return $"pid {r.Pid} exit {r.ExitStatus} at {Shown(r.ExitedAt)}";
    }

    private static async Task<string> Wait(ShimUnderTest s, string id, string exec)
    {
        WaitResponse r = await s.WaitAsync(id, exec, Token);
        return $"exit {r.ExitStatus} at {Shown(r.ExitedAt)}";
    }

    private static async Task<string> Kill(ShimUnderTest s, string id, string exec, uint signal, bool all = false)
    {
        await s.Task.KillAsync(
            new KillRequest { Id = id, ExecId = exec, Signal = signal, All = all }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Resize(ShimUnderTest s, string id, string exec)
    {
        await s.Task.ResizePtyAsync(
            new ResizePtyRequest { Id = id, ExecId = exec, Width = 80, Height = 25 }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> CloseIO(ShimUnderTest s, string id, string exec)
    {
        await s.Task.CloseIOAsync(new CloseIORequest { Id = id, ExecId = exec, Stdin = true }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Pause(ShimUnderTest s, string id)
    {
        await s.Task.PauseAsync(new PauseRequest { Id = id }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Resume(ShimUnderTest s, string id)
    {
        await s.Task.ResumeAsync(new ResumeRequest { Id = id }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Exec(ShimUnderTest s, string id, string exec, params string[] command)
    {
        ExecProcessRequest request = new() { Id = id, ExecId = exec, Spec = ShimUnderTest.ProcessSpec(command) };
        if (command is ["{"])
        {
            request.Spec.Value = ByteString.CopyFromUtf8("{");
        }

        await s.Task.ExecAsync(request, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Pids(ShimUnderTest s, string id)
    {
        PidsResponse r = await s.Task.PidsAsync(new PidsRequest { Id = id }, cancellationToken: Token);
        return string.Join(' ', r.Processes.Select(p => p.Info?.TypeUrl ?? "plain").Order(StringComparer.Ordinal));
    }

    private static async Task<string> Stats(ShimUnderTest s, string id)
    {
        StatsResponse r = await s.Task.StatsAsync(new StatsRequest { Id = id }, cancellationToken: Token);
        if (r.Stats.TypeUrl != "io.containerd.cgroups.v1.Metrics")
        {
            return r.Stats.TypeUrl;
        }

        Metrics metrics = Metrics.Parser.ParseFrom(r.Stats.Value);
        return $"{r.Stats.TypeUrl} pids {metrics.Pids?.Current > 0}/{metrics.Pids?.Limit} "
            + $"cpus {metrics.Cpu?.Usage.PerCpu.Count} throttling {metrics.Cpu?.Throttling?.Periods} "
            + $"memory {metrics.Memory is not null} limit {metrics.Memory?.Usage.Limit} swap {metrics.Memory?.Swap?.Limit} "
            + $"oom {metrics.MemoryOomControl?.OomKill} block {metrics.Blkio is not null} huge {metrics.Hugetlb.Count}";
    }

    private static async Task<string> Update(ShimUnderTest s, string id, string resources)
    {
        UpdateTaskRequest request = new()
        {
            Id = id,
            Resources = new Any
            {
                TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources",
                Value = ByteString.CopyFromUtf8(resources),
            },
        };
        await s.Task.UpdateAsync(request, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Connect(ShimUnderTest s, string id)
    {
        ConnectResponse r = await s.Task.ConnectAsync(new ConnectRequest { Id = id }, cancellationToken: Token);
        return $"shim pid {r.ShimPid} task pid {r.TaskPid} version '{r.Version}'";
    }

    private static async Task<string> Shutdown(ShimUnderTest s)
    {
        await s.Task.ShutdownAsync(new ShutdownRequest { Id = "c1" }, cancellationToken: Token);
        return "";
    }

    private static async Task<string> Call(ShimUnderTest s, string service, string name)
    {
        Method<Empty, Empty> method = new(
            MethodType.Unary,
            service,
            name,
            Marshallers.Create(m => m.ToByteArray(), Empty.Parser.ParseFrom),
            Marshallers.Create(m => m.ToByteArray(), Empty.Parser.ParseFrom));
        using AsyncUnaryCall<Empty> call = s.Client.CallInvoker.AsyncUnaryCall(
            method, null, new CallOptions(cancellationToken: Token), new Empty());
        await call.ResponseAsync;
        return "";
    }

    /// <summary>Whether a time is one, or nothing, or Go's zero.</summary>
    private static string Shown(Timestamp? time) => time switch
    {
        null => "none",
        { Seconds: < 0 } => "zero",
        { Seconds: 0 } => "epoch",
        _ => "some time",
    };
}
