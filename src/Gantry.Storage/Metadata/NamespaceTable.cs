using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <summary>The table of namespaces, as other stores use it.</summary>
internal static class NamespaceTable
{
    /// <summary>Makes a namespace if it does not exist: it comes to be with the first object in it.</summary>
    public static void Ensure(Writer writer, string ns)
    {
        using Statement insert = writer.Use(
            "INSERT INTO namespace (name, labels) VALUES (?, '{}') ON CONFLICT (name) DO NOTHING");
        insert.Bind(ns).Run();
    }
}
