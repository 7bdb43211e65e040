using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// One thread that waits on many descriptors, with <see href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</see>,
/// and moves bytes between them. Copies and watches are told on this thread, under the loop's lock: what they call must not
/// wait.
/// </summary>
public sealed partial class IoLoop
{
    internal const uint EPOLLIN = 1;
    internal const uint EPOLLOUT = 4;

    private const uint EPOLLONESHOT = 1u << 30;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const int EPOLL_CTL_MOD = 3;
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int BatchLimit = 16;

    /// <summary>struct epoll_event is packed on x64 alone.</summary>
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    /// <summary>Guards the table, and the state of every copy and watch of this loop.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<long, IReady> _ready = [];
    private readonly SafeFileHandle _epoll;
    private long _lastId;

    private IoLoop()
    {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        _epoll = fd < 0
            ? throw LinuxException.Last("epoll_create1", "epoll")
            : new SafeFileHandle(fd, ownsHandle: true);
    }

    internal interface IReady
    {
        void OnReady(long id);
    }

    internal Lock Gate => _gate;

    /// <summary>Starts a loop, which runs as long as the process.</summary>
    public static IoLoop Start()
    {
        IoLoop loop = new();
        new Thread(loop.Run, 128 * 1024) { Name = "io", IsBackground = true }.Start();
        return loop;
    }

    /// <summary>Moves all bytes from one descriptor to another, until the source ends or an end breaks.</summary>
    /// <param name="source">What is read. The copy owns it from now on.</param>
    /// <param name="destination">What is written. The copy owns it from now on.</param>
    public StreamCopy Copy(SafeFileHandle source, SafeFileHandle destination)
    {
        StreamCopy copy = new(this, source, destination);
        lock (_gate)
        {
            copy.Begin();
        }

        return copy;
    }

    /// <summary>Hands all bytes of a descriptor over as they come, until it ends.</summary>
    /// <param name="source">What is read. It is owned from now on.</param>
    /// <param name="take">Takes them. It runs on the loop's thread, must not wait and must not throw.</param>
    public StreamFeed Feed(SafeFileHandle source, BytesTaker take)
    {
        StreamFeed feed = new(this, source, take);
        lock (_gate)
        {
            feed.Begin();
        }

        return feed;
    }

    /// <summary>Waits until a descriptor can be read.</summary>
    /// <param name="handle">It stays the caller's, and must stay open until then.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WaitReadableAsync(SafeFileHandle handle, CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watch = Watch(handle, once: true, () => done.TrySetResult());
        await using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(_ => done.TrySetCanceled(cancellationToken), null);
        await done.Task;
    }

    /// <summary>Calls an action each time a descriptor can be read.</summary>
    /// <param name="handle">It stays the caller's, and must stay open until the watch is disposed.</param>
    /// <param name="once">Whether the first time is the last.</param>
    /// <param name="action">It runs on the loop's thread, must not wait, and must read the descriptor empty.</param>
    public IDisposable Watch(SafeFileHandle handle, bool once, Action action)
    {
        Watcher watcher = new(this, handle, once, action);
        lock (_gate)
        {
            watcher.Id = Register(watcher);
            TryArm(handle, watcher.Id, EPOLLIN, add: true);
        }

        return watcher;
    }

    internal long Register(IReady ready)
    {
        long id = ++_lastId;
        _ready.Add(id, ready);
        return id;
    }

    /// <summary>Takes a descriptor out, before it is closed.</summary>
    internal unsafe void Forget(SafeFileHandle handle, long id)
    {
        if (_ready.Remove(id) && !handle.IsClosed)
        {
            // It was never armed, or is of a kind that epoll does not take: there is nothing to undo then.
            _ = epoll_ctl(_epoll, EPOLL_CTL_DEL, handle, null);
        }
    }

    /// <summary>Has the loop tell once when a descriptor is ready.</summary>
    /// <returns>False for a regular file, which always is.</returns>
    internal unsafe bool TryArm(SafeFileHandle handle, long id, uint events, bool add)
    {
        byte* item = stackalloc byte[16];
        *(uint*)item = events | EPOLLONESHOT;
        *(long*)(item + DataOffset) = id;
        if (epoll_ctl(_epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, handle, item) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.EPERM ? false : throw LinuxException.Last("epoll_ctl", "descriptor");
    }

    private unsafe void Run()
    {
        byte* events = stackalloc byte[BatchLimit * 16];
        while (true)
        {
            int count = epoll_wait(_epoll, events, BatchLimit, -1);
            for (int i = 0; i < count; i++)
            {
                long id = *(long*)(events + (i * EventSize) + DataOffset);
                lock (_gate)
                {
                    if (_ready.TryGetValue(id, out IReady? ready))
                    {
                        ready.OnReady(id);
                    }
                }
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_ctl(SafeFileHandle epfd, int op, SafeFileHandle fd, byte* @event);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int epoll_wait(SafeFileHandle epfd, byte* events, int maxevents, int timeout);

    private sealed class Watcher(IoLoop loop, SafeFileHandle handle, bool once, Action action) : IReady, IDisposable
    {
        public long Id { get; set; }

        public void OnReady(long id)
        {
            action();
            if (!once && !handle.IsClosed)
            {
                loop.TryArm(handle, id, EPOLLIN, add: false);
            }
        }

        public void Dispose()
        {
            lock (loop._gate)
            {
                loop.Forget(handle, Id);
            }
        }
    }
}
