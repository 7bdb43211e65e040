using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Images;

/// <summary>The table of images, as others than their store also use it.</summary>
internal static class ImageTable
{
    /// <summary>The columns that <see cref="ReadRow"/> reads.</summary>
    public const string Columns = "name, media_type, digest, size, annotations, labels, created_at, updated_at";

    /// <summary>Adds an image, and the references that it makes.</summary>
    /// <returns>False when the name is taken; nothing is changed then.</returns>
    public static bool Insert(Writer writer, string ns, ImageRecord image)
    {
        using (Statement insert = writer.Use(
            """
            INSERT INTO image (namespace, name, media_type, digest, size, annotations, labels, expires_at,
                created_at, updated_at, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, name) DO NOTHING
            """))
        {
            Descriptor target = image.Target;
            int rows = insert.Bind(ns).Bind(image.Name)
                .Bind(target.MediaType).Bind(target.Digest.ToString()).Bind(target.Size)
                .Bind(Labels.Encode(target.Annotations)).Bind(Labels.Encode(image.Labels))
                .Bind(GcLabels.Expiry(image.Labels)).Bind(image.CreatedAt).Bind(image.UpdatedAt)
                .Bind(writer.NextSequence()).Run();
            if (rows == 0)
            {
                return false;
            }
        }

        ReferenceTable.Add(writer, ns, NodeKind.Image, image.Name, References(image));
        return true;
    }

    /// <summary>Removes an image and its references.</summary>
    public static void Delete(Writer writer, string ns, string name)
    {
        using Statement delete = writer.Use("DELETE FROM image WHERE namespace = ? AND name = ?");
        delete.Bind(ns).Bind(name).Run();
        ReferenceTable.RemoveAll(writer, ns, NodeKind.Image, name);
    }

    /// <summary>The references that an image makes.</summary>
    public static List<Reference> References(ImageRecord image)
    {
        List<Reference> references = LabelReferences.Read(NodeKind.Image, image.Labels);
        references.Add(new Reference(ReferenceRole.Part, NodeKind.Content, image.Target.Digest.ToString()));
        return references;
    }

    /// <summary>An image from a row of <see cref="Columns"/>.</summary>
    public static ImageRecord ReadRow(Statement row)
    {
        Digest digest = Digest.Parse(row.Text(2));
        Descriptor target = new(row.Text(1), digest, row.Number(3)) { Annotations = Labels.Decode(row.Bytes(4)) };
        return new ImageRecord(row.Text(0), target, Labels.Decode(row.Bytes(5)), row.Time(6), row.Time(7));
    }
}
