using System.Globalization;
using System.Text;
using Gantry.Core.Maintenance;
using Gantry.Server.Config;
using Gantry.Server.Hosting;
using Gantry.Storage.Adopt;

namespace Gantry.Daemon;

/// <summary>Takes over a root of containerd while no daemon works there, or tells what that would do.</summary>
internal static class AdoptCommand
{
    /// <summary>Takes over a root.</summary>
    /// <param name="config">How a daemon on that root is set up.</param>
    /// <param name="dryRun">Whether only to tell what would be done.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(DaemonConfig config, bool dryRun)
    {
        AdoptionOptions options = AdoptedRoot.Options(config);
        if (dryRun)
        {
            await Console.Out.WriteAsync(
                Describe(Adoption.Plan(options), "would be taken over", "Nothing was written."));
            return 0;
        }

        if (Directory.Exists(config.Root))
        {
            using RootLock held = RootLock.Take(config.Root);
            await Console.Out.WriteAsync(
                Describe(Adoption.Run(options, TimeProvider.System), "taken over", "containerd's files are as they were."));
        }
        else
        {
            Adoption.Plan(options);
        }

        return 0;
    }

    private static string Describe(AdoptionReport report, string done, string end)
    {
        StringBuilder text = new();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{report.Path}: schema version {report.SchemaVersion}, transaction {report.TransactionId}");
        foreach (AdoptedNamespace ns in report.Namespaces)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{done}: {ns.Name}: {ns.Images} images, {ns.Containers} containers, {ns.Sandboxes} sandboxes, "
                + $"{ns.Leases} leases, {ns.Blobs} blobs of {ByteSize.Text(ns.BlobBytes)}, "
                + $"{ns.Snapshots} snapshots of {ByteSize.Text(ns.SnapshotBytes)}, {ns.Ingests} ingests");
        }

        foreach (AdoptionSkip skip in report.Skipped)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"skipped: {skip.Namespace}: {skip.Count} {skip.What}: {skip.Reason}");
        }

        foreach (string warning in report.Warnings)
        {
            text.Append("look at: ").AppendLine(warning);
        }

        return text.AppendLine(end).ToString();
    }
}
