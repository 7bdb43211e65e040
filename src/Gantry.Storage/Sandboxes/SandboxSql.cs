namespace Gantry.Storage.Sandboxes;

/// <summary>The schema of sandboxes; <c>Metadata/Schema.md</c> explains it.</summary>
internal static class SandboxSql
{
    /// <summary>The version that brought them.</summary>
    public const string Version =
        """
        CREATE TABLE sandbox (
            namespace            TEXT NOT NULL REFERENCES namespace (name),
            id                   TEXT NOT NULL,
            sandboxer            TEXT NOT NULL,
            runtime              TEXT NOT NULL,
            runtime_options_type TEXT,
            runtime_options      BLOB,
            spec_type            TEXT,
            spec                 BLOB,
            extensions           BLOB,
            labels               TEXT NOT NULL,
            created_at           INTEGER NOT NULL,
            updated_at           INTEGER NOT NULL,
            PRIMARY KEY (namespace, id)
        ) STRICT;
        """;
}
