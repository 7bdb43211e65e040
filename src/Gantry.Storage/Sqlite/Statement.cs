using System.Text;
using Gantry.Core;
using SQLitePCL;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// A prepared statement of one <see cref="Connection"/>. It is bound from left to right, stepped, and disposed, which
/// makes it ready for its next use; it lives as long as its connection.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly string _sql;
    private int _bound;
    private bool _inUse;

    /// <summary>Prepares a statement that will be used again and again.</summary>
    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        _sql = sql;
        Connection.Check(
            database,
            raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement),
            sql);
    }

    /// <summary>Marks the statement as used, until it is disposed.</summary>
    public Statement Begin()
    {
        if (_inUse)
        {
            throw new InvalidOperationException($"a statement can't be used within itself: {_sql}");
        }

        _inUse = true;
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Bind(string? value)
    {
        int index = ++_bound;
        Check(value is null
            ? raw.sqlite3_bind_null(_statement, index)
            : raw.sqlite3_bind_text(_statement, index, value));
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Bind(long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, ++_bound, value));
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Bind(long? value)
    {
        if (value is { } number)
        {
            return Bind(number);
        }

        Check(raw.sqlite3_bind_null(_statement, ++_bound));
        return this;
    }

    /// <summary>Binds the next parameter: a time.</summary>
    public Statement Bind(DateTimeOffset value) => Bind(StoredTime.ToTicks(value));

    /// <summary>Binds the next parameter: bytes, or NULL.</summary>
    public Statement Bind(ReadOnlyMemory<byte>? value)
    {
        int index = ++_bound;
        Check(value switch
        {
            null => raw.sqlite3_bind_null(_statement, index),
            { Length: 0 } => raw.sqlite3_bind_zeroblob(_statement, index, 0),
            { } bytes => raw.sqlite3_bind_blob(_statement, index, bytes.Span),
        });
        return this;
    }

    /// <summary>Binds the next two parameters: type URL and value, or NULL both.</summary>
    public Statement Bind(TypedBytes? value) => Bind(value?.TypeUrl).Bind(value?.Value);

    /// <summary>Binds the next parameter: what <see cref="Value"/> has told.</summary>
    public Statement Bind(object? value) => value switch
    {
        long number => Bind(number),
        byte[] bytes => Bind((ReadOnlyMemory<byte>?)bytes),
        _ => Bind((string?)value),
    };

    /// <summary>Goes to the next row.</summary>
    /// <returns>False when there is none.</returns>
    public bool Read()
    {
        int result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        if (result != raw.SQLITE_DONE)
        {
            Check(result);
        }

        return false;
    }

    /// <summary>Reads all rows that are left.</summary>
    /// <param name="read">Makes what a row stands for.</param>
    /// <param name="keep">Which of it to give back; null: all.</param>
    public List<T> ReadAll<T>(Func<Statement, T> read, Predicate<T>? keep = null)
    {
        List<T> found = [];
        while (Read())
        {
            T one = read(this);
            if (keep?.Invoke(one) is not false)
            {
                found.Add(one);
            }
        }

        return found;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <returns>The number of rows changed.</returns>
    public int Run()
    {
        while (Read())
        {
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>The text of a column of this row; empty for NULL.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    /// <summary>The bytes of a column of this row, until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>The number in a column of this row; 0 for NULL.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>The time in a column of this row.</summary>
    public DateTimeOffset Time(int column) => StoredTime.FromTicks(Number(column));

    /// <summary>The type URL in a column of this row and the value in the next; null for NULL.</summary>
    public TypedBytes? Typed(int column) =>
        IsNull(column) ? null : new TypedBytes(Text(column), Bytes(column + 1).ToArray());

    /// <summary>What is in a column of this row: a number, text, bytes, or null.</summary>
    public object? Value(int column) => raw.sqlite3_column_type(_statement, column) switch
    {
        raw.SQLITE_NULL => null,
        raw.SQLITE_INTEGER => Number(column),
        raw.SQLITE_BLOB => Bytes(column).ToArray(),
        _ => Text(column),
    };

    /// <summary>Whether a column of this row is NULL.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The result of a reset is that of the last step, which was reported then.
        raw.sqlite3_reset(_statement);
        raw.sqlite3_clear_bindings(_statement);
        _bound = 0;
        _inUse = false;
    }

    /// <summary>Frees the statement, with its connection.</summary>
    public void Free() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw SqliteErrors.Of(_database, result, _sql);
        }
    }
}
