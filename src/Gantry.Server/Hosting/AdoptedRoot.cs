using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Server.Logging;
using Gantry.Storage.Adopt;
using Gantry.Storage.Bolt;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>A root that containerd has worked on.</summary>
public static class AdoptedRoot
{
    /// <summary>What can be taken over of a root.</summary>
    /// <param name="config">How the daemon is set up.</param>
    public static AdoptionOptions Options(DaemonConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new AdoptionOptions(config.Root)
        {
            SnapshotterRoots = DaemonConfig.Snapshotters.ToDictionary(
                name => name, config.SnapshotterRoot, StringComparer.Ordinal),
        };
    }

    /// <summary>
    /// Takes over what containerd has left in the root, if that was not done before, and keeps containerd from opening its
    /// database for as long as the result is held.
    /// </summary>
    /// <returns>containerd's database; null when there is none.</returns>
    /// <exception cref="GantryException">The root can't be taken over, or containerd runs on it.</exception>
    internal static BoltFile? Open(DaemonConfig config, TimeProvider time, ILogger logger)
    {
        string source = Adoption.SourcePath(config.Root);
        if (!File.Exists(source))
        {
            return null;
        }

        if (Adoption.IsNeeded(config.Root))
        {
            Tell(Adoption.Run(Options(config), time), logger);
        }

        try
        {
            return BoltFile.Open(source);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.DataLoss)
        {
            // It was taken over when it was whole.
            ServerLog.SourceDamaged(logger, e);
            return null;
        }
    }

    /// <summary>Warns when containerd has written to its database since it was taken over.</summary>
    internal static void Check(BoltFile? source, AdoptionRecord? adopted, ILogger logger)
    {
        if (source is not null && source.TransactionId != (adopted?.TransactionId ?? -1))
        {
            ServerLog.SourceChanged(logger, source.Path, adopted?.TransactionId ?? 0, source.TransactionId);
        }
    }

    private static void Tell(AdoptionReport report, ILogger logger)
    {
        foreach (AdoptedNamespace ns in report.Namespaces)
        {
            ServerLog.NamespaceAdopted(
                logger, ns.Name, ns.Images, ns.Containers, ns.Sandboxes, ns.Blobs, ns.Snapshots, ns.Leases);
        }

        foreach (AdoptionSkip skip in report.Skipped)
        {
            ServerLog.NotAdopted(logger, skip.Namespace, skip.What, skip.Count, skip.Reason);
        }

        foreach (string warning in report.Warnings)
        {
            ServerLog.AdoptedAmiss(logger, warning);
        }

        ServerLog.Adopted(logger, report.Path, report.SchemaVersion, report.TransactionId);
    }
}
