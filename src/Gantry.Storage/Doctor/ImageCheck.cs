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
            (FindingSeverity severity, string? problem) =
                await ExamineAsync(ns, mediaType, target, 0, cancellationToken);
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

    private async Task<(FindingSeverity Severity, string? Problem)> ExamineAsync(
        string ns,
        string mediaType,
        Digest target,
        int depth,
        CancellationToken cancellationToken)
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
            await using Stream blob = await context.Blobs.Store.OpenAsync(target, cancellationToken);
            if (blob.Length > OciJson.MaxManifestBytes)
            {
                return default;
            }

            byte[] bytes = new byte[blob.Length];
            await blob.ReadExactlyAsync(bytes, cancellationToken);
            return isIndex
                ? await ExamineIndexAsync(ns, OciJson.ParseIndex(bytes), depth, cancellationToken)
                : ExamineManifest(ns, OciJson.ParseManifest(bytes));
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // A record without a blob: said already.
            return default;
        }
        catch (Exception e) when (e is GantryException or IOException or FormatException)
        {
            return (FindingSeverity.Warning, $"{target} can't be read: {e.Message}");
        }
    }

    /// <summary>Of the manifests in an index, usually one is here: that of this machine.</summary>
    private async Task<(FindingSeverity Severity, string? Problem)> ExamineIndexAsync(
        string ns,
        ImageIndex index,
        int depth,
        CancellationToken cancellationToken)
    {
        List<Descriptor> present = [.. index.Manifests.Where(manifest => Find(ns, manifest.Digest) is not null)];
        if (present.Count == 0 && index.Manifests.Count > 0)
        {
            return (FindingSeverity.Warning, "none of its manifests is here");
        }

        (FindingSeverity Severity, string? Problem) worst = default;
        foreach (Descriptor manifest in present)
        {
            (FindingSeverity Severity, string? Problem) found =
                await ExamineAsync(ns, manifest.MediaType, manifest.Digest, depth + 1, cancellationToken);
            if (found.Problem is not null && (worst.Problem is null || found.Severity > worst.Severity))
            {
                worst = found;
            }
        }

        return worst;
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
