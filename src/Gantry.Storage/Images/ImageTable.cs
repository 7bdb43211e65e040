using Gantry.Storage.Gc;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Images;

/// <summary>The table of images, as the collector also uses it.</summary>
internal static class ImageTable
{
    /// <summary>Removes an image and its references.</summary>
    public static void Delete(Writer writer, string ns, string name)
    {
        using Statement delete = writer.Use("DELETE FROM image WHERE namespace = ? AND name = ?");
        delete.Bind(ns).Bind(name).Run();
        ReferenceTable.RemoveAll(writer, ns, NodeKind.Image, name);
    }
}
