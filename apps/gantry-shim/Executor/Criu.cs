using Gantry.Api.Runtime.Runc;
using Gantry.Core.Errors;
using Gantry.Shim.Containers;

namespace Gantry.Shim.Executor;

/// <summary>
/// Checkpoint and restore, which the OCI runtime does by <see href="https://criu.org">criu</see>: what it is told, and
/// where criu works.
/// </summary>
internal static class Criu
{
    private const string WorkName = "criu-work";
    private const string DumpLog = "dump.log";
    private const string KeptDumpLog = "criu-dump.log";

    /// <summary>Writes the images of a container. When that fails, nothing of it is left but criu's log.</summary>
    /// <param name="container">The container.</param>
    /// <param name="images">Where the images go.</param>
    /// <param name="options">How.</param>
    /// <param name="limit">When that is given up.</param>
    /// <exception cref="GantryException">The runtime failed; the message says where criu's log is.</exception>
    public static async Task CheckpointAsync(
        Container container, string images, CheckpointOptions options, CancellationToken limit)
    {
        string work = options.WorkPath.Length > 0 ? options.WorkPath : WorkOf(container);
        try
        {
            RuntimeFailure? failed =
                await container.Runtime.RunAsync([.. CheckpointArguments(images, work, options), container.Id], limit);
            if (failed is not null)
            {
                string log = Path.Combine(container.Bundle, KeptDumpLog);
                Keep(container, Path.Combine(work, DumpLog), log);
                throw new GantryException(ErrorKind.Unknown, $"{failed.End.Split('\n')[0]} path= {log}{Advice(failed)}");
            }
        }
        finally
        {
            if (options.WorkPath.Length == 0 && Directory.Exists(work))
            {
                Directory.Delete(work, recursive: true);
            }
        }
    }

    /// <summary>The command that makes a container from images, but for its id.</summary>
    /// <param name="container">The container.</param>
    /// <param name="images">Where the images are.</param>
    /// <param name="pidFile">The file that its process id goes to.</param>
    public static IReadOnlyList<string> RestoreArguments(Container container, string images, string pidFile)
    {
        string work = container.Options.CriuWorkPath;
        return
        [
            "restore",
            "--image-path", images,
            "--work-path", work.Length > 0 ? work : Path.Combine(container.Bundle, "work"),
            "--pid-file", pidFile,
            "--detach",
            "--no-subreaper",
            .. Flag("--no-pivot", container.Options.NoPivotRoot),
            "--bundle", container.Bundle,
        ];
    }

    /// <summary>A crun that is built without criu, as Debian's, has no such command at all.</summary>
    private static string Advice(RuntimeFailure failed) =>
        failed.End.Contains("unknown command", StringComparison.Ordinal)
            ? " (this OCI runtime is built without criu: a container that is to be checkpointed must be run with another, such as runc)"
            : "";

    private static IReadOnlyList<string> CheckpointArguments(string images, string work, CheckpointOptions options) =>
    [
        "checkpoint",
        "--image-path", images,
        "--work-path", work,
        .. options.ParentPath.Length > 0 ? (string[])["--parent-path", options.ParentPath] : [],
        .. Flag("--leave-running", !options.Exit),
        .. Flag("--tcp-established", options.OpenTcp),
        .. Flag("--ext-unix-sk", options.ExternalUnixSockets),
        .. Flag("--shell-job", options.Terminal),
        .. Flag("--file-locks", options.FileLocks),
        .. options.CgroupsMode.Length > 0 ? (string[])["--manage-cgroups-mode", options.CgroupsMode] : [],
        .. options.EmptyNamespaces.SelectMany(static ns => (string[])["--empty-ns", ns]),
    ];

    private static string[] Flag(string name, bool on) => on ? [name] : [];

    private static string WorkOf(Container container) => Path.Combine(container.Bundle, "work", WorkName);

    private static void Keep(Container container, string from, string to)
    {
        try
        {
            File.Copy(from, to, overwrite: true);
        }
        catch (IOException e)
        {
            // criu has not come so far as to write one.
            container.Log.Warning("could not keep criu's log", e);
        }
    }
}
