using System.Globalization;
using Gantry.Core.Containers;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Linux.Mounts;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Supervisor;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;

namespace Gantry.Server.Maintenance;

/// <summary>
/// Finds what tasks and mounts have left on the machine: bundles without a task or a shim, work directories without a
/// bundle, mounts below root and state that nobody owns, and shims, sockets, state of OCI runtimes and cgroups of tasks that
/// are gone. While a daemon runs, only what is seen twice counts.
/// </summary>
/// <param name="root">The daemon's root.</param>
/// <param name="state">The daemon's state.</param>
/// <param name="address">The socket that it serves gRPC on.</param>
/// <param name="metadata">The containers; null when no daemon runs.</param>
/// <param name="tasks">Its tasks; null when no daemon runs.</param>
/// <param name="sandboxes">Its sandboxes; null when no daemon runs.</param>
/// <param name="temporary">Its temporary mounts; null when no daemon runs.</param>
/// <param name="time">The clock.</param>
internal sealed class RuntimeCheck(
    string root,
    string state,
    string address,
    IMetadata? metadata,
    TaskManager? tasks,
    SandboxController? sandboxes,
    TemporaryMounts? temporary,
    TimeProvider time)
{
    private const string Bundles = "bundles";
    private const string Mounts = "mounts";

    private static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(1);

    private readonly BundleStore _store = new(root, state);
    private readonly string _bundles = Path.Combine(state, BundleStore.TaskTree);
    private readonly string _work = Path.Combine(root, BundleStore.TaskTree);
    private readonly string _temporary = Path.Combine(root, "tmpmounts");

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CheckOptions options, Func<Finding, Task> report, CancellationToken cancellationToken)
    {
        List<Suspect> suspects = await LookAsync(cancellationToken);
        if (tasks is not null && suspects.Count > 0)
        {
            // What is just being made or removed is not there at the second look.
            HashSet<string> first = [.. suspects.Select(suspect => suspect.Finding.Subject)];
            await Task.Delay(SecondLook, time, cancellationToken);
            suspects = [.. (await LookAsync(cancellationToken)).Where(suspect => first.Contains(suspect.Finding.Subject))];
        }

        await ReportAsync(suspects, options, report);
        await report(new Finding(
            FindingSeverity.Info,
            Bundles,
            "",
            string.Create(CultureInfo.InvariantCulture, $"{Find(_bundles).Count} bundles")));
    }

    private static async Task ReportAsync(
        List<Suspect> suspects,
        CheckOptions options,
        Func<Finding, Task> report)
    {
        foreach ((Finding finding, Action? repair) in suspects)
        {
            if (!options.Repair || finding.Severity == FindingSeverity.Info)
            {
                await report(finding);
                continue;
            }

            string? failure = repair is null ? "there is no safe repair" : null;
            try
            {
                repair?.Invoke();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failure = e.Message;
            }

            await report(failure is null
                ? finding with { Outcome = FindingOutcome.Repaired }
                : finding with { Outcome = FindingOutcome.NotRepaired, Detail = failure });
        }
    }

    private async Task<List<Suspect>> LookAsync(CancellationToken cancellationToken)
    {
        List<Suspect> suspects = [.. Look(), .. LookAtMounts()];
        HashSet<(Namespace, string)> known = [.. Find(_bundles), .. Find(Path.Combine(state, BundleStore.SandboxTree))];
        List<ContainerRecord> idle = [];
        if (metadata is not null && tasks is not null)
        {
            known.UnionWith(tasks.Known);
            known.UnionWith(sandboxes?.Known ?? []);
            foreach (NamespaceInfo ns in await metadata.Namespaces.ListAsync([], cancellationToken))
            {
                idle.AddRange((await metadata.In(ns.Name).Containers.ListAsync([], cancellationToken))
                    .Where(container => !known.Contains((ns.Name, container.Id))));
            }
        }

        IEnumerable<Orphan> orphans = [.. new OrphanSearch(address).Find(known), .. OrphanSearch.FindCgroups(idle)];
        suspects.AddRange(orphans.Select(orphan => new Suspect(
            new Finding(FindingSeverity.Warning, orphan.Area, orphan.Subject, orphan.Problem, orphan.Remedy), orphan.Remove)));
        return suspects;
    }

    private List<Suspect> Look()
    {
        List<Suspect> suspects = [];
        foreach ((Namespace ns, string id) in Find(_bundles))
        {
            Bundle bundle = _store.Locate(ns, id);
            if (LookAtBundle(bundle) is { } suspect)
            {
                suspects.Add(suspect);
            }
        }

        foreach ((Namespace ns, string id) in Find(_work))
        {
            Bundle bundle = _store.Locate(ns, id);
            if (!Directory.Exists(bundle.DirectoryPath) && tasks?.Answers(ns, id) is null)
            {
                suspects.Add(new Suspect(
                    new Finding(
                        FindingSeverity.Warning,
                        Bundles,
                        bundle.WorkPath,
                        "work directory of a task that is gone",
                        "it is removed"),
                    () => Directory.Delete(bundle.WorkPath, recursive: true)));
            }
        }

        return suspects;
    }

    private Suspect? LookAtBundle(Bundle bundle)
    {
        if (tasks is null)
        {
            return new Suspect(
                new Finding(
                    FindingSeverity.Info,
                    Bundles,
                    bundle.DirectoryPath,
                    BundleStore.HasShim(bundle)
                        ? "a task whose shim lives: the next daemon takes it over"
                        : "a task whose shim does not live: the next daemon cleans up after it"),
                null);
        }

        return tasks.Answers(bundle.Namespace, bundle.Id) switch
        {
            true => null,
            false => new Suspect(
                new Finding(
                    FindingSeverity.Warning,
                    Bundles,
                    bundle.DirectoryPath,
                    "its shim does not answer",
                    "none: it may live"),
                null),
            null when BundleStore.HasShim(bundle) => new Suspect(
                new Finding(
                    FindingSeverity.Warning,
                    Bundles,
                    bundle.DirectoryPath,
                    "the daemon knows no such task, but its shim lives",
                    "none: a restart of the daemon takes it over"),
                null),
            null => new Suspect(
                new Finding(
                    FindingSeverity.Warning,
                    Bundles,
                    bundle.DirectoryPath,
                    "bundle without a task and without a shim",
                    "what is mounted in it is unmounted, and it is removed"),
                () => _store.Delete(bundle)),
        };
    }

    private List<Suspect> LookAtMounts()
    {
        List<Suspect> suspects = [];
        HashSet<string> known = [.. Find(_bundles).Select(task => Path.Combine(_bundles, task.Ns.ToString(), task.Id))];
        foreach (MountInfo mount in MountInfo.ReadBelow(root).Concat(MountInfo.ReadBelow(state)))
        {
            if (mount.MountPoint.StartsWith(_bundles + "/", StringComparison.Ordinal))
            {
                if (!known.Any(path => mount.MountPoint.StartsWith(path + "/", StringComparison.Ordinal)))
                {
                    suspects.Add(Leaked(mount, "mount of a task that is gone"));
                }
            }
            else if (mount.MountPoint.StartsWith(_temporary + "/", StringComparison.Ordinal)
                && temporary?.IsInUse(mount.MountPoint) is not true)
            {
                suspects.Add(Leaked(mount, "temporary mount that nobody uses"));
            }
        }

        if (Directory.Exists(_temporary))
        {
            suspects.AddRange(Directory.EnumerateDirectories(_temporary)
                .Where(path => temporary?.IsInUse(path) is not true && MountInfo.ReadBelow(path).Count == 0)
                .Select(path => new Suspect(
                    new Finding(FindingSeverity.Warning, Mounts, path, "place of a temporary mount", "it is removed"),
                    () => Directory.Delete(path))));
        }

        return suspects;
    }

    private static Suspect Leaked(MountInfo mount, string problem) => new(
        new Finding(FindingSeverity.Warning, Mounts, mount.MountPoint, problem, "it is unmounted"),
        () => MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH | UnmountFlags.UMOUNT_NOFOLLOW));

    /// <summary>The tasks that have a directory here.</summary>
    private static List<(Namespace Ns, string Id)> Find(string directory)
    {
        List<(Namespace Ns, string Id)> found = [];
        if (!Directory.Exists(directory))
        {
            return found;
        }

        foreach (string path in Directory.EnumerateDirectories(directory).Where(IsIdentifier))
        {
            Namespace ns = Namespace.Parse(Path.GetFileName(path));
            found.AddRange(Directory.EnumerateDirectories(path).Where(IsIdentifier).Select(p => (ns, Path.GetFileName(p))));
        }

        return found;
    }

    private static bool IsIdentifier(string path) => Identifier.IsValid(Path.GetFileName(path));

    private sealed record Suspect(Finding Finding, Action? Repair);
}
