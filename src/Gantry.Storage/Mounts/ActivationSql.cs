namespace Gantry.Storage.Mounts;

/// <summary>The schema of activations; <c>Metadata/Schema.md</c> explains it.</summary>
internal static class ActivationSql
{
    /// <summary>The version that brought them.</summary>
    public const string Version =
        """
        CREATE TABLE activation (
            id         INTEGER PRIMARY KEY,
            namespace  TEXT NOT NULL REFERENCES namespace (name),
            name       TEXT NOT NULL,
            mounts     TEXT,
            labels     TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            UNIQUE (namespace, name)
        ) STRICT;
        """;
}
