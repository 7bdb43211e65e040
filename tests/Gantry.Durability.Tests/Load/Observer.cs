using System.Globalization;
using System.Security.Cryptography;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;

namespace Gantry.Durability.Tests.Load;

/// <summary>
/// Sees what a client can see of a namespace, as text: <c>content DIGEST</c>, <c>image NAME</c>, <c>container ID</c>,
/// <c>lease ID</c>, <c>snapshot SNAPSHOTTER/NAME</c>. Blobs are read to the end and must be those of their digest.
/// </summary>
internal sealed class Observer(NamespaceClient scope, CancellationToken cancellationToken)
{
    public const string Garbage = "garbage";

    private readonly Dictionary<string, string?> _seen = new(StringComparer.Ordinal);

    public static string Labels(IReadOnlyDictionary<string, string> labels) =>
        string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    public static string Content(long size, IReadOnlyDictionary<string, string> labels) =>
        string.Create(CultureInfo.InvariantCulture, $"{size} {Labels(labels)}");

    public static string Image(Digest target, IReadOnlyDictionary<string, string> labels) => $"{target} {Labels(labels)}";

    public static string Container(ContainerRecord container) =>
        $"{container.Image} {container.Snapshotter}/{container.SnapshotKey} "
        + $"{Digest.OfBytes((container.Spec?.Value ?? default).Span)} {Labels(container.Labels)}";

    public static string Snapshot(SnapshotKind kind, string parent, IReadOnlyDictionary<string, string> labels) =>
        $"{kind} on {parent} {Labels(labels)}";

    public static string Lease(IReadOnlyDictionary<string, string> labels, IEnumerable<string> resources) =>
        $"{Labels(labels)} holds {string.Join(',', resources.Order(StringComparer.Ordinal))}";

    /// <summary>Everything in the namespace, but for what was put there to be collected.</summary>
    public async Task<IReadOnlyDictionary<string, string?>> SeeAsync()
    {
        await foreach (ContentInfo info in scope.Content.ListAsync([], cancellationToken))
        {
            await SeeContentAsync(info);
        }

        foreach (ImageRecord image in await scope.Images.ListAsync([], cancellationToken))
        {
            _seen[$"image {image.Name}"] = Image(image.Target.Digest, image.Labels);
        }

        foreach (ContainerRecord container in await scope.Containers.ListAsync([], cancellationToken))
        {
            _seen[$"container {container.Id}"] = Container(container);
        }

        foreach (Lease lease in await scope.Leases.ListAsync([], cancellationToken))
        {
            IReadOnlyList<LeaseResource> resources =
                await scope.Leases.ListResourcesAsync(lease.Id, cancellationToken);
            _seen[$"lease {lease.Id}"] = Lease(lease.Labels, resources.Select(resource => resource.Id));
        }

        foreach (string snapshotter in Worker.Snapshotters)
        {
            await foreach (SnapshotInfo s in scope.Snapshots(snapshotter).ListAsync([], cancellationToken))
            {
                _seen[$"snapshot {snapshotter}/{s.Name}"] = Snapshot(s.Kind, s.Parent, s.Labels);
            }
        }

        return _seen;
    }

    private async Task SeeContentAsync(ContentInfo info)
    {
        try
        {
            await using Stream stream = await scope.Content.OpenReaderAsync(info.Digest, cancellationToken);
            Digest actual = Digest.FromSha256(await SHA256.HashDataAsync(stream, cancellationToken));
            if (!info.Labels.ContainsKey(Garbage))
            {
                _seen[$"content {info.Digest}"] =
                    actual == info.Digest ? Content(info.Size, info.Labels) : $"bytes of {actual}";
            }
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound && info.Labels.ContainsKey(Garbage))
        {
            // Collected between the list and the look.
            return;
        }
    }
}
