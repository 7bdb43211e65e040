using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Maintenance;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>Looks whether the content of each image is here. What is missing, a pull fetches.</summary>
internal sealed class ImageCheck(DoctorContext context)
{
    private const string Area = "images";

    /// <summary>How deep indexes may lie in one another.</summary>
    private const int MaxDepth = 4;

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<(string Namespace, string Name, string MediaType, Digest Target)> images = context.Database.Read(ReadImages);
        foreach ((string ns, string name, string mediaType, Digest target) in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (FindingSeverity severity, string? problem) = Examine(ns, mediaType, target, 0);
            if (problem is not null)
            {
                await context.Report(new Finding(severity, Area, $"{ns}: {name}", $"incomplete: {problem}")
                {
                    Outcome = context.Options.Repair && severity != FindingSeverity.Info
                        ? FindingOutcome.NotRepaired
                        : FindingOutcome.Reported,
                    Detail = context.Options.Repair && severity != FindingSeverity.Info ? "pull it again, or remove it" : "",
                });
            }
        }

        await context.NoteAsync(Area, "", string.Create(CultureInfo.InvariantCulture, $"{images.Count} images"));
    }

    private static List<(string Namespace, string Name, string MediaType, Digest Target)> ReadImages(
        Connection connection)
    {
        using Statement select = connection.Use("SELECT namespace, name, media_type, digest FROM image");
        List<(string Namespace, string Name, string MediaType, Digest Target)> images = [];
        while (select.Read())
        {
            if (Digest.TryParse(select.Text(3), out Digest target))
            {
                images.Add((select.Text(0), select.Text(1), select.Text(2), target));
            }
        }

        return images;
    }

    private (FindingSeverity Severity, string? Problem) Examine(string ns, string mediaType, Digest target, int depth)
    {
        if (Find(ns, target) is null)
        {
            return (FindingSeverity.Warning, $"{target} is not here");
        }

        bool isIndex = MediaTypes.IsIndex(mediaType);
        if ((!isIndex && !MediaTypes.IsManifest(mediaType)) || depth == MaxDepth)
        {
            return default;
        }

        try
        {
            FileInfo file = new(context.Blobs.BlobPath(target));
            if (!file.Exists || file.Length > OciJson.MaxManifestBytes)
            {
                return default;
            }

            byte[] bytes = File.ReadAllBytes(file.FullName);
            return isIndex
                ? ExamineIndex(ns, OciJson.ParseIndex(bytes), depth)
                : ExamineManifest(ns, OciJson.ParseManifest(bytes));
        }
        catch (Exception e) when (e is GantryException or IOException or FormatException)
        {
            return (FindingSeverity.Warning, $"{target} can't be read: {e.Message}");
        }
    }

    /// <summary>Of the manifests in an index, usually one is here: that of this machine.</summary>
    private (FindingSeverity Severity, string? Problem) ExamineIndex(string ns, ImageIndex index, int depth)
    {
        List<Descriptor> present = [.. index.Manifests.Where(manifest => Find(ns, manifest.Digest) is not null)];
        if (present.Count == 0 && index.Manifests.Count > 0)
        {
            return (FindingSeverity.Warning, "none of its manifests is here");
        }

        return present.Select(manifest => Examine(ns, manifest.MediaType, manifest.Digest, depth + 1))
            .OrderByDescending(result => result.Severity)
            .FirstOrDefault(result => result.Problem is not null);
    }

    private (FindingSeverity Severity, string? Problem) ExamineManifest(string ns, ImageManifest manifest)
    {
        if (Find(ns, manifest.Config.Digest) is not { } labels)
        {
            return (FindingSeverity.Warning, $"its config {manifest.Config.Digest} is not here");
        }

        int missing = manifest.Layers.Count(layer => Find(ns, layer.Digest) is null);
        if (missing == 0)
        {
            return default;
        }

        bool unpacked = labels.Keys.Any(key => key.StartsWith(WellKnownLabels.GcRefSnapshot, StringComparison.Ordinal));
        return (
            unpacked ? FindingSeverity.Info : FindingSeverity.Warning,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{missing} of {manifest.Layers.Count} layers are not here{(unpacked ? "; it is unpacked" : "")}"));
    }

    /// <summary>The labels of a blob that is recorded; null for one that is not.</summary>
    private IReadOnlyDictionary<string, string>? Find(string ns, Digest digest) =>
        context.Database.Read(connection => ContentTable.Find(connection, ns, digest))?.Labels;
}
