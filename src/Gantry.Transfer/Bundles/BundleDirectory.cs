using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;

namespace Gantry.Transfer.Bundles;

/// <summary>
/// A bundle that stands by itself: a directory with <c>config.json</c> and <c>rootfs</c>, which any OCI runtime can run, and
/// <c>bundle.json</c>, which tells where it came from.
/// </summary>
/// <param name="Path">The directory, absolute.</param>
public sealed record BundleDirectory(string Path)
{
    private const string RecordFile = "bundle.json";
    private const int MaxRecordBytes = 64 * 1024;

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Everybody = OwnerOnly
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The root filesystem.</summary>
    public string Rootfs => System.IO.Path.Combine(Path, "rootfs");

    private string ConfigPath => System.IO.Path.Combine(Path, "config.json");

    private string RecordPath => System.IO.Path.Combine(Path, RecordFile);

    /// <summary>A bundle at a path.</summary>
    /// <param name="path">The path; it need not exist.</param>
    public static BundleDirectory At(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new BundleDirectory(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
    }

    /// <summary>What <c>bundle.json</c> says.</summary>
    /// <exception cref="GantryException">NotFound: there is none; InvalidArgument: it is malformed.</exception>
    public BundleRecord ReadRecord()
    {
        FileInfo file = new(RecordPath);
        if (!file.Exists)
        {
            throw new GantryException(ErrorKind.NotFound, $"bundle \"{Path}\": no {RecordFile}");
        }

        try
        {
            BundleRecord? record = file.Length <= MaxRecordBytes
                ? JsonSerializer.Deserialize(File.ReadAllBytes(RecordPath), BundleJsonContext.Default.BundleRecord)
                : null;
            return record is { Version: BundleRecord.CurrentVersion } && Digest.TryParse(record.ManifestDigest, out _)
                ? record
                : throw new GantryException(
                    ErrorKind.InvalidArgument, $"bundle \"{Path}\": {RecordFile} is not of version {BundleRecord.CurrentVersion}");
        }
        catch (JsonException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"bundle \"{Path}\": {RecordFile} is malformed", e);
        }
    }

    /// <summary>Mounts a snapshot as the root filesystem.</summary>
    /// <param name="mounts">The mounts of the snapshot.</param>
    /// <exception cref="GantryException">FailedPrecondition: something is mounted there.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Mount(IReadOnlyList<Mount> mounts)
    {
        if (MountInfo.ReadBelow(Rootfs).Count > 0)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"bundle \"{Path}\": rootfs is mounted already");
        }

        foreach (Mount mount in mounts)
        {
            MountCalls.Mount(mount.Type, mount.Source, Rootfs, mount.Options);
        }
    }

    /// <summary>Unmounts the root filesystem; one that is not mounted is no error.</summary>
    /// <exception cref="GantryException">FailedPrecondition: it is in use.</exception>
    public void Unmount()
    {
        try
        {
            MountCalls.UnmountAll(Rootfs, UnmountFlags.UMOUNT_NOFOLLOW);
        }
        catch (LinuxException e) when (e.Errno is Errno.EBUSY)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"bundle \"{Path}\": rootfs is in use", e);
        }
    }

    /// <summary>Removes all of it.</summary>
    /// <exception cref="GantryException">FailedPrecondition: something is mounted in it.</exception>
    public void Delete()
    {
        RequireNoMounts();
        DirectoryTree.Remove(Path);
    }

    /// <summary>Makes the directory and that of the root filesystem.</summary>
    /// <returns>Whether the directory is new.</returns>
    /// <exception cref="GantryException">FailedPrecondition: it is there and not empty.</exception>
    internal bool Create()
    {
        bool isNew = !Directory.Exists(Path);
        if (File.Exists(Path) || (!isNew && Directory.EnumerateFileSystemEntries(Path).Any()))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"bundle \"{Path}\": {(isNew ? "not a directory" : "directory not empty")}");
        }

        if (isNew)
        {
            Directory.CreateDirectory(Path, OwnerOnly);
        }

        Directory.CreateDirectory(Rootfs, Everybody);
        return isNew;
    }

    /// <summary>Undoes <see cref="Create"/> and all that came after.</summary>
    internal void Undo(bool isNew)
    {
        Unmount();
        RequireNoMounts();
        DirectoryTree.Remove(Rootfs);
        File.Delete(ConfigPath);
        File.Delete(RecordPath);
        if (isNew)
        {
            Directory.Delete(Path);
        }
    }

    /// <summary>Writes both files.</summary>
    internal void Write(RuntimeSpec spec, BundleRecord record)
    {
        using JsonDocument document = JsonDocument.Parse(RuntimeSpecJson.ToBytes(spec));
        using (FileStream file = File.Create(ConfigPath))
        using (Utf8JsonWriter writer = new(
            file,
            new JsonWriterOptions
            {
                Indented = true,
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }))
        {
            document.WriteTo(writer);
        }

        File.WriteAllText(
            RecordPath, JsonSerializer.Serialize(record, BundleJsonContext.Default.BundleRecord) + "\n");
    }

    private void RequireNoMounts()
    {
        // What is mounted must not be emptied.
        if (MountInfo.ReadBelow(Path) is [MountInfo mount, ..])
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"bundle \"{Path}\": {mount.MountPoint} is mounted");
        }
    }
}
