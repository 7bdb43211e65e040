namespace Gantry.Storage.Sqlite;

/// <summary>The schema, version by version; <c>Metadata/Schema.md</c> explains it.</summary>
internal static class SchemaSql
{
    /// <summary>The first version.</summary>
    public const string Version1 =
        """
        CREATE TABLE counter (
            id          INTEGER PRIMARY KEY CHECK (id = 0),
            sequence    INTEGER NOT NULL,
            snapshot_id INTEGER NOT NULL
        ) STRICT;
        INSERT INTO counter (id, sequence, snapshot_id) VALUES (0, 0, 0);

        CREATE TABLE namespace (
            name   TEXT NOT NULL PRIMARY KEY,
            labels TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE image (
            namespace   TEXT NOT NULL REFERENCES namespace (name),
            name        TEXT NOT NULL,
            media_type  TEXT NOT NULL,
            digest      TEXT NOT NULL,
            size        INTEGER NOT NULL,
            annotations TEXT NOT NULL,
            labels      TEXT NOT NULL,
            expires_at  INTEGER,
            created_at  INTEGER NOT NULL,
            updated_at  INTEGER NOT NULL,
            sequence    INTEGER NOT NULL,
            PRIMARY KEY (namespace, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE container (
            namespace            TEXT NOT NULL REFERENCES namespace (name),
            id                   TEXT NOT NULL,
            image                TEXT NOT NULL,
            runtime              TEXT NOT NULL,
            runtime_options_type TEXT,
            runtime_options      BLOB,
            spec_type            TEXT,
            spec                 BLOB,
            snapshotter          TEXT NOT NULL,
            snapshot_key         TEXT NOT NULL,
            extensions           BLOB,
            sandbox              TEXT NOT NULL,
            labels               TEXT NOT NULL,
            created_at           INTEGER NOT NULL,
            updated_at           INTEGER NOT NULL,
            PRIMARY KEY (namespace, id)
        ) STRICT;

        CREATE TABLE content (
            namespace  TEXT NOT NULL REFERENCES namespace (name),
            digest     TEXT NOT NULL,
            size       INTEGER NOT NULL,
            labels     TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            sequence   INTEGER NOT NULL,
            PRIMARY KEY (namespace, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX content_digest ON content (digest);

        CREATE TABLE orphan (
            digest TEXT NOT NULL PRIMARY KEY
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE ingest (
            namespace  TEXT NOT NULL REFERENCES namespace (name),
            ref        TEXT NOT NULL,
            backend    TEXT NOT NULL,
            total      INTEGER NOT NULL,
            expected   TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            expires_at INTEGER,
            sequence   INTEGER NOT NULL,
            PRIMARY KEY (namespace, ref)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE lease (
            namespace  TEXT NOT NULL REFERENCES namespace (name),
            id         TEXT NOT NULL,
            labels     TEXT NOT NULL,
            flat       INTEGER NOT NULL,
            expires_at INTEGER,
            created_at INTEGER NOT NULL,
            sequence   INTEGER NOT NULL,
            PRIMARY KEY (namespace, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE snapshot (
            id          INTEGER PRIMARY KEY,
            namespace   TEXT NOT NULL REFERENCES namespace (name),
            snapshotter TEXT NOT NULL,
            name        TEXT NOT NULL,
            kind        INTEGER NOT NULL,
            parent      INTEGER REFERENCES snapshot (id),
            labels      TEXT NOT NULL,
            inodes      INTEGER NOT NULL,
            size        INTEGER NOT NULL,
            created_at  INTEGER NOT NULL,
            updated_at  INTEGER NOT NULL,
            sequence    INTEGER NOT NULL,
            UNIQUE (namespace, snapshotter, name)
        ) STRICT;
        CREATE INDEX snapshot_parent ON snapshot (parent) WHERE parent IS NOT NULL;

        CREATE TABLE reference (
            sequence   INTEGER PRIMARY KEY,
            namespace  TEXT NOT NULL,
            kind       INTEGER NOT NULL,
            key        TEXT NOT NULL,
            role       INTEGER NOT NULL,
            other_kind INTEGER NOT NULL,
            other_key  TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX reference_owner
            ON reference (namespace, kind, key, role, other_kind, other_key);
        CREATE INDEX reference_back
            ON reference (namespace, other_kind, other_key) WHERE role = 2;
        """;

    /// <summary>Snapshots by snapshotter and id, so that two snapshotters may use the same ids; and take-overs.</summary>
    public const string Version2 =
        """
        CREATE TABLE snapshot_by_snapshotter (
            snapshotter TEXT NOT NULL,
            id          INTEGER NOT NULL,
            namespace   TEXT NOT NULL REFERENCES namespace (name),
            name        TEXT NOT NULL,
            kind        INTEGER NOT NULL,
            parent      INTEGER,
            labels      TEXT NOT NULL,
            inodes      INTEGER NOT NULL,
            size        INTEGER NOT NULL,
            created_at  INTEGER NOT NULL,
            updated_at  INTEGER NOT NULL,
            sequence    INTEGER NOT NULL,
            PRIMARY KEY (snapshotter, id),
            UNIQUE (namespace, snapshotter, name),
            FOREIGN KEY (snapshotter, parent) REFERENCES snapshot_by_snapshotter (snapshotter, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO snapshot_by_snapshotter
            SELECT snapshotter, id, namespace, name, kind, parent, labels, inodes, size, created_at, updated_at, sequence
            FROM snapshot;
        DROP TABLE snapshot;
        ALTER TABLE snapshot_by_snapshotter RENAME TO snapshot;
        CREATE INDEX snapshot_parent ON snapshot (snapshotter, parent) WHERE parent IS NOT NULL;

        CREATE TABLE adoption (
            id             INTEGER PRIMARY KEY CHECK (id = 0),
            path           TEXT NOT NULL,
            schema_version INTEGER NOT NULL,
            txid           INTEGER NOT NULL,
            adopted_at     INTEGER NOT NULL
        ) STRICT;
        """;
}
