using Gantry.Linux.Syscalls;

namespace Gantry.Snapshotters.Shared;

/// <summary>A name in a directory.</summary>
/// <param name="Name">The name's bytes.</param>
/// <param name="Status">What is known of the file.</param>
internal readonly record struct FileTreeEntry(byte[] Name, FileStatus Status);
