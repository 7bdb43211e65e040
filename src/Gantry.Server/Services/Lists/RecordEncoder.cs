using System.Text;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Snapshots;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// Records in the wire form of containerd's messages, field by field as <c>api/services</c> has them; what
/// <c>Gantry.Api.Mapping</c> makes of one record, this makes of many.
/// </summary>
internal static class RecordEncoder
{
    /// <summary>Writes a container, <c>containerd.services.containers.v1.Container</c>.</summary>
    public static void Write(WireWriter writer, int field, in ContainerView container)
    {
        int message = writer.BeginItem(field);
        writer.Bytes(1, container.Id);
        WriteLabels(writer, 2, container.Labels);
        writer.Bytes(3, container.Image);
        int runtime = writer.Begin(4);
        writer.Bytes(1, container.RuntimeName);
        if (container.HasRuntimeOptions)
        {
            WriteAny(writer, 2, container.RuntimeOptionsType, container.RuntimeOptions);
        }

        writer.End(runtime);
        if (container.HasSpec)
        {
            WriteAny(writer, 5, container.SpecType, container.Spec);
        }

        writer.Bytes(6, container.Snapshotter);
        writer.Bytes(7, container.SnapshotKey);
        writer.Time(8, container.CreatedAt);
        writer.Time(9, container.UpdatedAt);
        StoredExtensions extensions = container.Extensions;
        while (extensions.Read())
        {
            int entry = writer.Begin(10);
            writer.Present(1, extensions.Name);
            WriteAny(writer, 2, extensions.TypeUrl, extensions.Value);
            writer.End(entry);
        }

        writer.Bytes(11, container.Sandbox);
        writer.End(message);
    }

    /// <summary>Writes an image, <c>containerd.services.images.v1.Image</c>.</summary>
    public static void Write(WireWriter writer, int field, in ImageView image)
    {
        int message = writer.BeginItem(field);
        writer.Bytes(1, image.Name);
        WriteLabels(writer, 2, image.Labels);
        int target = writer.Begin(3);
        writer.Bytes(1, image.MediaType);
        writer.Bytes(2, image.Digest);
        writer.Number(3, image.Size);
        WriteLabels(writer, 5, image.Annotations);
        writer.End(target);
        writer.Time(7, image.CreatedAt);
        writer.Time(8, image.UpdatedAt);
        writer.End(message);
    }

    /// <summary>Writes a lease, <c>containerd.services.leases.v1.Lease</c>.</summary>
    public static void Write(WireWriter writer, int field, in LeaseView lease)
    {
        int message = writer.BeginItem(field);
        writer.Bytes(1, lease.Id);
        writer.Time(2, lease.CreatedAt);
        WriteLabels(writer, 3, lease.Labels);
        writer.End(message);
    }

    /// <summary>Writes a blob, <c>containerd.services.content.v1.Info</c>.</summary>
    public static void Write(WireWriter writer, int field, in ContentView blob)
    {
        int message = writer.BeginItem(field);
        writer.Bytes(1, blob.Digest);
        writer.Number(2, blob.Size);
        writer.Time(3, blob.CreatedAt);
        writer.Time(4, blob.UpdatedAt);
        WriteLabels(writer, 5, blob.Labels);
        writer.End(message);
    }

    /// <summary>Writes a snapshot, <c>containerd.services.snapshots.v1.Info</c>.</summary>
    public static void Write(WireWriter writer, int field, in SnapshotView snapshot)
    {
        int message = writer.BeginItem(field);
        writer.Bytes(1, snapshot.Name);
        writer.Bytes(2, snapshot.Parent);
        writer.Number(3, (long)snapshot.Kind);
        writer.Time(4, snapshot.CreatedAt);
        writer.Time(5, snapshot.UpdatedAt);
        WriteLabels(writer, 6, snapshot.Labels);

        // Of two entries with one key the later counts.
        foreach ((string key, string value) in snapshot.OwnLabels)
        {
            int entry = writer.Begin(6);
            writer.Present(1, Encoding.UTF8.GetBytes(key));
            writer.Present(2, Encoding.UTF8.GetBytes(value));
            writer.End(entry);
        }

        writer.End(message);
    }

    private static void WriteLabels(WireWriter writer, int field, StoredLabels labels)
    {
        while (labels.Read())
        {
            int entry = writer.Begin(field);
            writer.Present(1, labels.Key);
            writer.Present(2, labels.Value);
            writer.End(entry);
        }
    }

    private static void WriteAny(WireWriter writer, int field, ReadOnlySpan<byte> type, ReadOnlySpan<byte> value)
    {
        int any = writer.Begin(field);
        writer.Bytes(1, type);
        writer.Bytes(2, value);
        writer.End(any);
    }
}
