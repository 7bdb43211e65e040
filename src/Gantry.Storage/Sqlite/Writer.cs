namespace Gantry.Storage.Sqlite;

/// <summary>What a change works with: the one connection that writes, and the counters.</summary>
internal sealed class Writer(Connection connection, Counters counters)
{
    /// <summary>The connection.</summary>
    public Connection Connection => connection;

    /// <summary>A prepared statement.</summary>
    public Statement Use(string sql) => connection.Use(sql);

    /// <summary>The next number of the order in which records and references came to be.</summary>
    public long NextSequence() => counters.NextSequence();
}
