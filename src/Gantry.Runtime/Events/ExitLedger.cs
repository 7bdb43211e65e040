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
        ExitKey key = KeyOf(ns.ToString(), exit);
        lock (_gate)
        {
            if (!Add(key))
            {
                return false;
            }

            if (key.ExecId.Length == 0)
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
        lock (_gate)
        {
            return Add(KeyOf(ns.ToString(), deletion));
        }
    }

    /// <summary>Takes out an exit that was entered and then not told.</summary>
    internal void Undo(Namespace ns, TaskExit exit)
    {
        ExitKey key = KeyOf(ns.ToString(), exit);
        lock (_gate)
        {
            _told.Remove(key);
            ForgetExit(key);
        }
    }

    /// <summary>Takes out a deletion that was entered and then not told.</summary>
    internal void Undo(Namespace ns, TaskDelete deletion)
    {
        lock (_gate)
        {
            _told.Remove(KeyOf(ns.ToString(), deletion));
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

    /// <inheritdoc cref="Remember(Namespace, TaskExit)"/>
    internal void Remember(Namespace ns, TaskDelete deletion) => TryEnter(ns, deletion);

    /// <summary>Forgets the exit of a task that is gone, or about to be made anew.</summary>
    internal void Forget(Namespace ns, string containerId)
    {
        lock (_gate)
        {
            _exits.Remove((ns.ToString(), containerId));
        }
    }

    private static ExitKey KeyOf(string ns, TaskExit exit) => new(
        ns,
        Deleted: false,
        exit.ContainerId,
        exit.Id == exit.ContainerId ? "" : exit.Id,
        exit.Pid,
        exit.ExitedAt?.Seconds ?? 0,
        exit.ExitedAt?.Nanos ?? 0);

    private static ExitKey KeyOf(string ns, TaskDelete deletion) => new(
        ns,
        Deleted: true,
        deletion.ContainerId,
        deletion.Id == deletion.ContainerId ? "" : deletion.Id,
        deletion.Pid,
        deletion.ExitedAt?.Seconds ?? 0,
        deletion.ExitedAt?.Nanos ?? 0);

    private bool Add(ExitKey key)
    {
        if (!_told.Add(key))
        {
            return false;
        }

        _order.Enqueue(key);
        if (_order.Count > Limit)
        {
            ExitKey oldest = _order.Dequeue();
            _told.Remove(oldest);
            if (_exits.Count > Limit)
            {
                // So many tasks are not there: exits of others are told here, and nobody deletes those.
                ForgetExit(oldest);
            }
        }

        return true;
    }

    private void ForgetExit(ExitKey key)
    {
        if (_exits.TryGetValue((key.Namespace, key.ContainerId), out TaskExit? exit) && KeyOf(key.Namespace, exit) == key)
        {
            _exits.Remove((key.Namespace, key.ContainerId));
        }
    }
}
