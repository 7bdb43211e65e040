using Gantry.Api.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Events;

/// <summary>
/// Which exits and deletions of processes were told already, so that none is told twice, however many tell of it: the
/// shim, a shim that repeats itself because an answer was lost, and the daemon when it finds a shim dead.
/// </summary>
public sealed class ExitLedger
{
    /// <summary>How many ends are remembered; older ones could be told again.</summary>
    private const int Limit = 16 * 1024;

    // Guards all fields.
    private readonly Lock _gate = new();
    private readonly HashSet<ExitKey> _told = [];
    private readonly Queue<ExitKey> _order = new();
    private readonly Dictionary<(string Namespace, string ContainerId), TaskExit> _exits = [];

    /// <summary>Enters an exit.</summary>
    /// <returns>False when it was entered before.</returns>
    internal bool TryEnter(Namespace ns, TaskExit exit)
    {
        string execId = exit.Id == exit.ContainerId ? "" : exit.Id;
        ExitKey key = new(
            ns.ToString(),
            Deleted: false,
            exit.ContainerId,
            execId,
            exit.Pid,
            exit.ExitedAt?.Seconds ?? 0,
            exit.ExitedAt?.Nanos ?? 0);
        lock (_gate)
        {
            if (!Add(key))
            {
                return false;
            }

            if (execId.Length == 0)
            {
                _exits[(key.Namespace, exit.ContainerId)] = exit;
            }

            return true;
        }
    }

    /// <summary>Enters the deletion of a process.</summary>
    /// <returns>False when it was entered before.</returns>
    internal bool TryEnter(Namespace ns, TaskDelete deletion)
    {
        string execId = deletion.Id == deletion.ContainerId ? "" : deletion.Id;
        ExitKey key = new(
            ns.ToString(),
            Deleted: true,
            deletion.ContainerId,
            execId,
            deletion.Pid,
            deletion.ExitedAt?.Seconds ?? 0,
            deletion.ExitedAt?.Nanos ?? 0);
        lock (_gate)
        {
            return Add(key);
        }
    }

    /// <summary>The exit of a task's first process, when it was told.</summary>
    internal TaskExit? Find(Namespace ns, string containerId)
    {
        lock (_gate)
        {
            return _exits.GetValueOrDefault((ns.ToString(), containerId));
        }
    }

    /// <summary>Enters what an earlier daemon told.</summary>
    internal void Remember(Namespace ns, TaskExit exit) => TryEnter(ns, exit);

    /// <summary>Forgets the exit of a task that is gone, or about to be made anew.</summary>
    internal void Forget(Namespace ns, string containerId)
    {
        lock (_gate)
        {
            _exits.Remove((ns.ToString(), containerId));
        }
    }

    private bool Add(ExitKey key)
    {
        if (!_told.Add(key))
        {
            return false;
        }

        _order.Enqueue(key);
        if (_order.Count > Limit)
        {
            _told.Remove(_order.Dequeue());
        }

        return true;
    }
}
