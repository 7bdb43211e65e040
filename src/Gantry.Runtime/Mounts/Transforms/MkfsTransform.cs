using System.Text;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Linux.Syscalls;
using Gantry.Runtime.Shims;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Mounts.Transforms;

/// <summary>
/// <c>mkfs/</c>: makes the source a file with an empty filesystem in it, unless it is there already. Options
/// <c>X-containerd.mkfs.size=SIZE</c>, <c>.fs=TYPE</c> (ext4 when absent) and <c>.uuid=UUID</c>.
/// </summary>
internal sealed class MkfsTransform(AllowedRoots roots, TimeProvider time) : IMountTransform
{
    private const string Prefix = "X-containerd.mkfs.";
    private const uint FileMode = 0b110_000_000;
    private const int OutputLimit = 16 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    /// <remarks>
    /// The file gets its name only when it is formatted, so one that has the name is whole.
    /// </remarks>
    public async Task<Mount> ApplyAsync(
        Mount mount,
        IReadOnlyList<ActiveMount> active,
        CancellationToken cancellationToken)
    {
        MkfsOptions options = MkfsOptions.Take(mount.Options, Prefix, out IReadOnlyList<string> others);
        (SafeFileHandle parent, byte[] name) = roots.OpenParent(mount.Source, "mkfs");
        using (parent)
        {
            int errno = Stat.TryAt(parent, name, out _);
            if (errno == Errno.ENOENT)
            {
                await MakeAsync(mount.Source, parent, name, options, cancellationToken);
            }
            else if (errno != 0)
            {
                throw new LinuxException("stat", mount.Source, errno);
            }
        }

        return mount with { Options = others };
    }

    private async Task MakeAsync(
        string path,
        SafeFileHandle parent,
        byte[] name,
        MkfsOptions options,
        CancellationToken cancellationToken)
    {
        byte[] temporary = Encoding.UTF8.GetBytes($".mkfs-{Guid.NewGuid():n}");
        using SafeFileHandle file = Open.At(
            parent, temporary, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL, FileMode);
        try
        {
            FileData.SetLength(file, options.Size);
            await FormatAsync(path, file, options, cancellationToken);
            FileSync.Fsync(file);
            int errno = Link.TryRename(parent, temporary, parent, name, RenameFlags.NoReplace);
            if (errno is not (0 or Errno.EEXIST))
            {
                throw new LinuxException("rename", path, errno);
            }

            FileSync.Fsync(parent);
        }
        finally
        {
            // It is there only when it did not get its name.
            Link.TryUnlink(parent, temporary);
        }
    }

    private async Task FormatAsync(
        string path,
        SafeFileHandle file,
        MkfsOptions options,
        CancellationToken cancellationToken)
    {
        string program = Find($"mkfs.{options.Filesystem}");

        // The program opens what this process has open, whatever becomes of names meanwhile.
        string opened = $"/proc/{Environment.ProcessId}/fd/{file.DangerousGetHandle()}";
        DirectoryInfo empty = Directory.CreateTempSubdirectory("gantry-mkfs-");
        ProgramResult result;
        try
        {
            result = await RuntimeProgram.RunAsync(
                new SpawnRequest { Program = program, Arguments = options.Arguments(opened, empty.FullName) },
                ReadOnlyMemory<byte>.Empty,
                OutputLimit,
                Deadline,
                time,
                cancellationToken);
        }
        finally
        {
            empty.Delete();
        }

        if (result.Code != 0)
        {
            string said = Encoding.UTF8.GetString(result.Errors).ReplaceLineEndings(" ").Trim();
            throw new GantryException(
                ErrorKind.Unknown, $"failed format \"{path}\": {Path.GetFileName(program)} failed: {said}");
        }
    }

    private static string Find(string program)
    {
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists)
            ?? throw new GantryException(ErrorKind.FailedPrecondition, $"{program} is not installed");
    }
}
