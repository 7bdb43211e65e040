using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>
/// Waits for all children of this process, those that it inherited as a subreaper included, on one thread. See
/// <see href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</see>.
/// </summary>
/// <remarks>
/// The end of a child that nobody has claimed yet is kept, up to a bound: a container's first process may end before its
/// process id was read. A process id may come back, so a claim says since when (<see cref="Mark"/>) an end counts.
/// </remarks>
#pragma warning disable CA1001 // There is one, and it lives as long as the process.
public sealed unsafe partial class Reaper
#pragma warning restore CA1001
{
    private const int UnclaimedLimit = 4096;
    private const int P_ALL = 0;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;
    private const int SiginfoSize = 128;
    private const int SiginfoPidOffset = 16;

    /// <summary>
    /// Guards all fields. A child is waited for (and its number thereby given free) and recorded under it, and children
    /// are started under it: so what is recorded for a number is never an earlier process's.
    /// </summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource<ChildExit>> _claims = [];
    private readonly Dictionary<int, (ChildExit Exit, long Mark)> _unclaimed = [];
    private readonly Queue<(int Pid, long Mark)> _order = new();
    private readonly SemaphoreSlim _children = new(0, 1);
    private readonly TimeProvider _time;
    private long _mark;
    private bool _started;

    private Reaper(TimeProvider time)
    {
        _time = time;
    }

    /// <summary>The only one: children are the process's.</summary>
    public static Reaper Shared { get; } = new(TimeProvider.System);

    /// <summary>A point in time to claim from: ends that were seen before it do not count.</summary>
    public long Mark()
    {
        lock (_gate)
        {
            return _mark;
        }
    }

    /// <summary>Claims the end of a child that this class did not start: an inherited one.</summary>
    /// <param name="pid">Its process id.</param>
    /// <param name="since">A <see cref="Mark"/> taken before it can have begun.</param>
    /// <returns>Its end, which may have come already.</returns>
    public Task<ChildExit> ClaimAsync(int pid, long since)
    {
        lock (_gate)
        {
            if (_unclaimed.Remove(pid, out (ChildExit Exit, long Mark) kept) && kept.Mark > since)
            {
                return Task.FromResult(kept.Exit);
            }

            Task<ChildExit> exit = RegisterAsync(pid);
            Wake();
            return exit;
        }
    }

    internal SpawnedProcess Spawn(Func<int> start)
    {
        lock (_gate)
        {
            int pid = start();
            _unclaimed.Remove(pid);
            Task<ChildExit> exit = RegisterAsync(pid);
            Wake();
            return new SpawnedProcess(pid, exit);
        }
    }

    private Task<ChildExit> RegisterAsync(int pid)
    {
        TaskCompletionSource<ChildExit> claim = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _claims[pid] = claim;
        return claim.Task;
    }

    private void Wake()
    {
        if (!_started)
        {
            _started = true;
            new Thread(Run, 128 * 1024) { Name = "reaper", IsBackground = true }.Start();
        }

        if (_children.CurrentCount == 0)
        {
            _children.Release();
        }
    }

    private void Run()
    {
        byte* info = stackalloc byte[SiginfoSize];
        while (true)
        {
            // Not reaped yet: its number stays taken until it is recorded.
            if (waitid(P_ALL, 0, info, WEXITED | WNOWAIT) != 0)
            {
                if (Marshal.GetLastPInvokeError() == Errno.ECHILD)
                {
                    _children.Wait();
                }

                continue;
            }

            Reap(*(int*)(info + SiginfoPidOffset));
        }
    }

    private void Reap(int pid)
    {
        TaskCompletionSource<ChildExit>? claim;
        ChildExit exit;
        lock (_gate)
        {
            if (waitpid(pid, out int status, 0) != pid)
            {
                return;
            }

            int signal = status & 0x7f;
            int code = signal != 0 ? 128 + signal : (status >> 8) & 0xff;
            exit = new ChildExit(pid, code, signal, _time.GetUtcNow());
            _mark++;
            if (!_claims.Remove(pid, out claim))
            {
                Keep(exit);
            }
        }

        claim?.TrySetResult(exit);
    }

    private void Keep(ChildExit exit)
    {
        _unclaimed[exit.Pid] = (exit, _mark);
        _order.Enqueue((exit.Pid, _mark));
        while (_order.Count > UnclaimedLimit)
        {
            (int pid, long mark) = _order.Dequeue();
            if (_unclaimed.TryGetValue(pid, out (ChildExit Exit, long Mark) kept) && kept.Mark == mark)
            {
                _unclaimed.Remove(pid);
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int idtype, uint id, byte* infop, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, out int wstatus, int options);
}
