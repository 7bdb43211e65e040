using System.Globalization;
using Gantry.Core.Snapshots;
using Microsoft.Data.Sqlite;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Metadata;

/// <summary>Databases of earlier versions.</summary>
public sealed class MigrationTests
{
    private const string BackToVersion1 =
        """
        PRAGMA foreign_keys = OFF;
        CREATE TABLE old (
            id          INTEGER PRIMARY KEY,
            namespace   TEXT NOT NULL REFERENCES namespace (name),
            snapshotter TEXT NOT NULL,
            name        TEXT NOT NULL,
            kind        INTEGER NOT NULL,
            parent      INTEGER REFERENCES old (id),
            labels      TEXT NOT NULL,
            inodes      INTEGER NOT NULL,
            size        INTEGER NOT NULL,
            created_at  INTEGER NOT NULL,
            updated_at  INTEGER NOT NULL,
            sequence    INTEGER NOT NULL,
            UNIQUE (namespace, snapshotter, name)
        ) STRICT;
        INSERT INTO old SELECT id, namespace, snapshotter, name, kind, parent, labels, inodes, size, created_at, updated_at,
            sequence FROM snapshot;
        DROP TABLE snapshot;
        ALTER TABLE old RENAME TO snapshot;
        CREATE INDEX snapshot_parent ON snapshot (parent) WHERE parent IS NOT NULL;
        DROP TABLE adoption;
        DROP TABLE activation;
        DROP TABLE sandbox;
        UPDATE schema_version SET version = 1;
        """;

    [Fact]
    public async Task A_database_of_version_1_keeps_its_snapshots()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter before = store.Default.Snapshots(store.Driver.Name);
        await before.PrepareAsync("a", "", NoLabels, Token);
        await before.CommitAsync("base", "a", "", NoLabels, Token);
        await before.PrepareAsync("top", "base", Label(("k", "v")), Token);
        IReadOnlyList<string> expected = [.. (await AllAsync(before)).Select(Describe)];
        await store.Store.DisposeAsync();
        await ExecuteAsync(store.Store.DatabasePath, BackToVersion1);

        await store.ReopenAsync();

        ISnapshotter after = store.Default.Snapshots(store.Driver.Name);
        Assert.Equal(expected, (await AllAsync(after)).Select(Describe));
        Assert.Equal("top", (await after.StatAsync("top", Token)).Name);
        await after.RemoveAsync("top", Token);
        await after.RemoveAsync("base", Token);
        Assert.Empty(await AllAsync(after));
    }

    private static async Task ExecuteAsync(string path, string sql)
    {
        await using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        await connection.OpenAsync(Token);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Token);
    }

    private static async Task<List<SnapshotInfo>> AllAsync(ISnapshotter snapshotter)
    {
        List<SnapshotInfo> found = [];
        await foreach (SnapshotInfo info in snapshotter.ListAsync([], Token))
        {
            found.Add(info);
        }

        return found;
    }

    private static string Describe(SnapshotInfo info) => string.Create(
        CultureInfo.InvariantCulture,
        $"{info.Kind} {info.Name} {info.Parent} {info.CreatedAt.UtcTicks} {string.Join(',', info.Labels)}");
}
