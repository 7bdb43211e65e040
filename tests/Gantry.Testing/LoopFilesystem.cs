using CliWrap;
using CliWrap.Buffered;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Xunit;

namespace Gantry.Testing;

/// <summary>A filesystem of a test's own in a sparse file, mounted, and taken away with the object.</summary>
public sealed class LoopFilesystem : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private bool _mounted;

    private LoopFilesystem()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => _directory["m"];

    /// <summary>A path in it.</summary>
    /// <param name="name">The name below it.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes one and mounts it.</summary>
    /// <param name="type">Such as <c>btrfs</c>, whose <c>mkfs</c> must be there.</param>
    /// <param name="size">Its size in bytes.</param>
    public static async Task<LoopFilesystem> CreateAsync(string type, long size)
    {
        Needs.Root();
        string make = Needs.Program($"mkfs.{type}");
        string mount = Needs.Program("mount");
        LoopFilesystem made = new();
        try
        {
            string file = made._directory["image"];
            await using (FileStream image = new(file, FileMode.CreateNew))
            {
                image.SetLength(size);
            }

            Directory.CreateDirectory(made.Path);
            CancellationToken token = TestContext.Current.CancellationToken;
            await Cli.Wrap(make).WithArguments(["-q", file]).ExecuteBufferedAsync(token);
            await Cli.Wrap(mount).WithArguments(["-o", "loop", "-t", type, file, made.Path]).ExecuteBufferedAsync(token);
            made._mounted = true;
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_mounted)
        {
            // A program that another test is starting holds, until its exec, what was open when it was forked.
            await Poll.UntilAsync(() => TryUnmount(Path), $"{Path} can be unmounted");
        }

        _directory.Dispose();
    }

    /// <summary>Unmounts a filesystem that nobody uses.</summary>
    /// <param name="path">Where it is mounted.</param>
    /// <returns>False while somebody does.</returns>
    public static bool TryUnmount(string path)
    {
        try
        {
            MountCalls.UnmountAll(path, UnmountFlags.None);
            return true;
        }
        catch (LinuxException busy) when (busy.Errno == Errno.EBUSY)
        {
            return false;
        }
    }
}
