using System.Text;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>
/// The directories below a root, opened by name and made when they are missing. A symbolic link on the way is followed
/// with the root as <c>/</c>; no call is ever given a path that could lead out: the kernel walks only names that were
/// found to be no links (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).
/// </summary>
internal sealed class RootedTree : IDisposable
{
    private const int MaxOpen = 64;
    private const int MaxLinks = 255;
    private const ResolveFlags Rules = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;

    private static readonly int DirectoryFlags = OpenFlags.O_PATH | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW;

    private readonly OpenDirectory _root;
    private readonly TarLimits _limits;
    private readonly Func<OpenDirectory, byte[], bool> _make;
    private readonly Action<OpenDirectory> _entered;
    private readonly Dictionary<byte[], OpenDirectory> _open = new(BytesComparer.Instance);
    private byte[] _lastPath = [];
    private OpenDirectory _last;
    private byte[] _blockedAt = [];

    /// <summary>Opens the root.</summary>
    /// <param name="root">Its path.</param>
    /// <param name="limits">Limits on paths.</param>
    /// <param name="make">Makes a missing directory, or returns false when something else has its name.</param>
    /// <param name="entered">Told of each directory that is opened, before anything in it is changed.</param>
    internal RootedTree(
        string root,
        TarLimits limits,
        Func<OpenDirectory, byte[], bool> make,
        Action<OpenDirectory> entered)
    {
        _root = new OpenDirectory(Open.Directory(root), []);
        _last = _root;
        _limits = limits;
        _make = make;
        _entered = entered;
    }

    /// <summary>The root itself.</summary>
    internal OpenDirectory Root => _root;

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        _root.Dispose();
    }

    /// <summary>Closes what is open: to be called when a directory or a symbolic link was removed.</summary>
    internal void Forget()
    {
        foreach (OpenDirectory directory in _open.Values)
        {
            directory.Dispose();
        }

        _open.Clear();
        _lastPath = [];
        _last = _root;
    }

    /// <summary>Opens a directory, and makes it when it is missing.</summary>
    /// <param name="path">A clean path. The result stays this object's and is valid until the next call.</param>
    /// <exception cref="GantryException">InvalidArgument: a file is in the way.</exception>
    internal OpenDirectory Enter(ReadOnlySpan<byte> path) => TryEnter(path) ?? throw NotADirectory(_blockedAt);

    /// <summary>As <see cref="Enter"/>, but returns null when a file is in the way.</summary>
    /// <param name="path">A clean path.</param>
    internal OpenDirectory? TryEnter(ReadOnlySpan<byte> path)
    {
        if (path.SequenceEqual(_lastPath))
        {
            return _last;
        }

        if (path.IsEmpty)
        {
            (_lastPath, _last) = ([], _root);
            return _root;
        }

        if (!_open.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(path, out OpenDirectory? directory))
        {
            directory = TryDirect(path) ?? Walk(path, make: true);
            if (directory is null)
            {
                return null;
            }

            if (_open.Count >= MaxOpen)
            {
                Forget();
            }

            _open.Add(path.ToArray(), directory);
            _entered(directory);
        }

        (_lastPath, _last) = (path.ToArray(), directory);
        return directory;
    }

    /// <summary>Opens a directory that should be there.</summary>
    /// <param name="path">A clean path.</param>
    /// <returns>Null when it is not; otherwise the caller's to dispose.</returns>
    internal OpenDirectory? Find(ReadOnlySpan<byte> path) => TryDirect(path) ?? Walk(path, make: false);

    /// <summary>Opens a directory by the path where it really is.</summary>
    /// <returns>Null when there is no directory, or no longer.</returns>
    internal OpenDirectory? TryDirect(ReadOnlySpan<byte> path)
    {
        SafeFileHandle? handle = Open.TryBeneath(
            _root.Handle, path.IsEmpty ? "."u8 : path, DirectoryFlags, Rules, 0, out int errno);
        return handle is not null
            ? new OpenDirectory(handle, path.ToArray())
            : errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
                ? null
                : throw Failure("openat2", path, errno);
    }

    private static GantryException NotADirectory(ReadOnlySpan<byte> path) =>
        new(ErrorKind.InvalidArgument, $"mkparent /{Encoding.UTF8.GetString(path)}: not a directory");

    private static Exception Failure(string call, ReadOnlySpan<byte> path, int errno) =>
        LayerWriter.Failure(call, new LayerPath(path.ToArray()), errno);

    /// <summary>
    /// Goes from name to name. What is known of the place is its real path, so <c>..</c> is a matter of that path.
    /// </summary>
    private OpenDirectory? Walk(ReadOnlySpan<byte> path, bool make)
    {
        Stack<byte[]> names = new();
        Push(names, path);
        int links = 0;
        OpenDirectory here = TryDirect([])!;
        try
        {
            while (names.TryPop(out byte[]? name))
            {
                OpenDirectory? next = Step(here, name, names, make, ref links);
                if (next is null)
                {
                    return null;
                }

                if (!ReferenceEquals(next, here))
                {
                    here.Dispose();
                    here = next;
                }
            }

            OpenDirectory found = here;
            here = _root;
            return found;
        }
        finally
        {
            if (!ReferenceEquals(here, _root))
            {
                here.Dispose();
            }
        }
    }

    private OpenDirectory? Step(OpenDirectory here, byte[] name, Stack<byte[]> names, bool make, ref int links)
    {
        if (name.AsSpan().SequenceEqual(".."u8))
        {
            return TryDirect(new LayerPath(here.Path).Directory) ?? throw NotADirectory(here.Path);
        }

        byte[] path = LayerPath.Join(here.Path, name);
        if (path.Length > _limits.MaxPathLength)
        {
            throw Failure("openat2", path, Errno.ENAMETOOLONG);
        }

        int errno = Link.TryReadSymbolic(here.Handle, name, out byte[]? target);
        if (errno == 0)
        {
            if (++links > MaxLinks)
            {
                throw Failure("openat2", path, Errno.ELOOP);
            }

            Push(names, target);
            return target!.AsSpan().StartsWith("/"u8) ? TryDirect([]) : here;
        }

        if (errno is not (Errno.EINVAL or Errno.ENOENT))
        {
            throw Failure("readlinkat", path, errno);
        }

        SafeFileHandle? handle = Open.TryAt(here.Handle, name, DirectoryFlags, 0, out errno);
        if (handle is null && make && errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            if (here.Path.Length > 0)
            {
                _entered(here);
            }

            if (!_make(here, name))
            {
                _blockedAt = path;
                return null;
            }

            handle = Open.TryAt(here.Handle, name, DirectoryFlags, 0, out errno);
        }

        if (handle is not null)
        {
            return new OpenDirectory(handle, path);
        }

        return !make && errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw Failure("openat", path, errno);
    }

    /// <summary>Puts the names of a path on the stack, the first on top.</summary>
    private void Push(Stack<byte[]> names, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int start = path.LastIndexOf((byte)'/');
            ReadOnlySpan<byte> name = path[(start + 1)..];
            path = start < 0 ? [] : path[..start];
            if (name.IsEmpty || name.SequenceEqual("."u8))
            {
                continue;
            }

            if (names.Count >= 2 * _limits.MaxPathDepth)
            {
                throw Failure("openat2", name, Errno.ELOOP);
            }

            names.Push(name.ToArray());
        }
    }
}
