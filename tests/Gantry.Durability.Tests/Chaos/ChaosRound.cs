using System.Diagnostics;
using System.Globalization;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Durability.Tests.Chaos;

/// <summary>The life of one container, in which something is killed.</summary>
internal sealed class ChaosRound
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);
    private static readonly Victim[] Victims = Enum.GetValues<Victim>();
    private static readonly Phase[] Phases = Enum.GetValues<Phase>();

    private readonly Arena _arena;
    private readonly string _id;
    private readonly Victim _victim;
    private readonly Phase _phase;
    private readonly bool _hog;
    private readonly int _delay;
    private readonly int _downtime;
    private bool _created;
    private uint _pid;
    private bool _struck;
    private bool _toldUnwritten;

    public ChaosRound(Arena arena, int number, Random random)
    {
        _arena = arena;
        _id = string.Create(CultureInfo.InvariantCulture, $"c{number}");
        _victim = Victims[random.Next(Victims.Length)];
        _phase = Phases[random.Next(Phases.Length)];
        _delay = random.Next(random.Next(2) == 0 ? 10 : 150);
        _downtime = random.Next(200);
        _hog = random.Next(8) == 0;
        if (_victim is Victim.Executor && _phase is Phase.Run)
        {
            _victim = Victim.Init;
        }
    }

    /// <summary>What this round does.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_id}: {_victim} killed in {_phase} after {_delay} ms{(_hog ? ", a memory hog" : "")}{(_struck ? "" : " (missed)")}");

    /// <summary>Runs it and checks that nothing is left, and what was told.</summary>
    /// <param name="bystander">A container that must not notice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RunAsync(string bystander, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit * 2);
        await _arena.MakeRecordAsync(_id, _hog, limit.Token);
        await LiveAsync(limit.Token);
        if (_arena.Daemon.ProcessId == 0)
        {
            await Task.Delay(_downtime, limit.Token);
            await _arena.Daemon.StartAsync(limit.Token);
            await _arena.ConnectAsync(limit.Token);
        }

        await SettleAsync(limit.Token);
        await _arena.Scope.Containers.DeleteAsync(_id, limit.Token);
        Assert.Empty(await _arena.LeftoversAsync(bystander));
        Assert.False(_pid > 0 && Prey.IsAlive(_pid), $"its first process {_pid} lives");
        await _arena.Events.SyncAsync(limit.Token);
        CheckTold();
    }

    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        foreach (Phase phase in Phases)
        {
            using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task strike = phase == _phase ? StrikeAsync(done.Token) : Task.CompletedTask;
            try
            {
                await StepAsync(phase, cancellationToken);
            }
            catch (GantryException) when (phase == _phase || _hog)
            {
                // What else: somebody was killed. A hog ends when it pleases.
                if (_hog && phase != _phase)
                {
                    return;
                }
            }
            finally
            {
                // An executor that was not there is not waited for.
                if (_victim is Victim.Executor)
                {
                    await done.CancelAsync();
                }

                await strike;
            }

            if (phase == _phase)
            {
                return;
            }
        }
    }

    private async Task StepAsync(Phase phase, CancellationToken cancellationToken)
    {
        TaskClient tasks = _arena.Scope.Tasks;
        switch (phase)
        {
            case Phase.Create:
                _pid = await tasks.CreateAsync(
                    _id, _arena.RootfsOf(_id), ProcessStreams.None, cancellationToken: cancellationToken);
                _created = true;
                break;
            case Phase.Start:
                await tasks.StartAsync(_id, cancellationToken: cancellationToken);
                break;
            case Phase.Run when _hog:
                await tasks.WaitAsync(_id, cancellationToken: cancellationToken);
                break;
            case Phase.Run:
                await Task.Delay(_delay, cancellationToken);
                break;
            case Phase.Exec:
                SpecProcess process = new() { Args = ["sleep", "0.01"], Env = ["PATH=/bin"], Cwd = "/" };
                TypedBytes spec = new(RuntimeSpecJson.ProcessTypeUrl, RuntimeSpecJson.ToBytes(process));
                await tasks.ExecAsync(_id, "e", spec, ProcessStreams.None, cancellationToken);
                await tasks.StartAsync(_id, "e", cancellationToken);
                await tasks.WaitAsync(_id, "e", cancellationToken);
                await tasks.DeleteExecAsync(_id, "e", cancellationToken);
                break;
            case Phase.Pause:
                await tasks.PauseAsync(_id, cancellationToken);
                await tasks.ResumeAsync(_id, cancellationToken);
                break;
            default:
                await tasks.KillAsync(_id, 9, cancellationToken: cancellationToken);
                await tasks.WaitAsync(_id, cancellationToken: cancellationToken);
                await tasks.DeleteAsync(_id, cancellationToken);
                break;
        }
    }

    private async Task StrikeAsync(CancellationToken done)
    {
        if (_victim is Victim.Daemon)
        {
            await Task.Delay(_delay, CancellationToken.None);
            await _arena.Daemon.KillAsync();
            _toldUnwritten = _arena.ExitIsKept(_id) && _arena.ExitsTold(_id) == 0;
            _struck = true;
            return;
        }

        // An executor lives for some milliseconds at a time.
        long started = Stopwatch.GetTimestamp();
        bool late = _victim is not Victim.Executor;
        await Task.Delay(late ? _delay : _delay / 8, CancellationToken.None);
        while (!done.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2))
        {
            int? pid = _victim switch
            {
                Victim.Shim => Prey.Shim(_arena.Daemon.Home, _id),
                Victim.Executor => Prey.Executor(_arena.Daemon.Home, _id),
                _ => InitPid(),
            };
            if (pid is { } prey)
            {
                Prey.Kill(prey);
                _struck = true;
                return;
            }

            if (late)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }

    private int? InitPid()
    {
        string file = Path.Combine(
            _arena.Daemon.State, "io.containerd.runtime.v2.task", _arena.Namespace.ToString(), _id, "init.pid");
        try
        {
            return int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out int pid) ? pid : null;
        }
        catch (IOException)
        {
            // Not made yet, or gone.
            return null;
        }
    }

    /// <summary>Does what a client does that wants to be rid of a container, until it is.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        TaskClient tasks = _arena.Scope.Tasks;
        string last = "";
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Limit)
        {
            try
            {
                ProcessState state = await tasks.GetAsync(_id, cancellationToken: cancellationToken);
                _pid = state.ProcessId > 0 ? state.ProcessId : _pid;
                if (state.Status is not ProcessStatus.Stopped)
                {
                    await KillAsync(tasks, cancellationToken);
                    await tasks.WaitAsync(_id, cancellationToken: cancellationToken);
                }

                await tasks.DeleteAsync(_id, cancellationToken);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
            {
                // It is gone, and stays so however often it is removed.
                GantryException again = await Assert.ThrowsAsync<GantryException>(
                    () => tasks.DeleteAsync(_id, cancellationToken));
                Assert.Equal(ErrorKind.NotFound, again.Kind);
                return;
            }
            catch (GantryException e)
            {
                last = e.Message;
                await Task.Delay(Retry, cancellationToken);
            }
        }

        Assert.Fail($"it can't be removed: {last}");
    }

    private async Task KillAsync(TaskClient tasks, CancellationToken cancellationToken)
    {
        try
        {
            await tasks.KillAsync(_id, 9, cancellationToken: cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has just ended.
            return;
        }
    }

    private void CheckTold()
    {
        // A daemon that was killed after it kept an exit, and before it wrote into its log that it tells it, has told it.
        int exits = _arena.ExitsTold(_id) + (_toldUnwritten ? 1 : 0);
        Assert.True(_created ? exits == 1 : exits <= 1, $"its exit was told {exits} times");
        List<string> topics = [.. _arena.Events.Of(_id).Where(told => told.ExecId.Length == 0).Select(told => told.Topic)];
        string all = string.Join(' ', topics);
        Assert.Equal(topics.Count, topics.Distinct(StringComparer.Ordinal).Count());
        string[] order = ["/tasks/create", "/tasks/start", "/tasks/oom", "/tasks/exit", "/tasks/delete"];
        Assert.True(
            topics.Select(topic => Array.IndexOf(order, topic)).SequenceEqual(
                topics.Select(topic => Array.IndexOf(order, topic)).Order()),
            all);
        if (_created && _victim is not Victim.Daemon)
        {
            Assert.True(topics.Contains("/tasks/exit") && topics.Contains("/tasks/delete"), all);
            Assert.True(!_hog || _victim is not Victim.Executor || _phase <= Phase.Start || topics.Contains("/tasks/oom"), all);
        }
    }
}
