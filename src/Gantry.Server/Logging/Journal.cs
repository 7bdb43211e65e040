using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Logging;

/// <summary>systemd's journal, spoken to in its own protocol: one datagram a record, one field a line.</summary>
/// <remarks>
/// A field is <c>NAME=value\n</c>; or, when the value has line feeds, <c>NAME\n</c>, its length as 64 bits little
/// endian, the value, <c>\n</c> (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). Fields of a record get <c>GANTRY_</c> before
/// their name, so that none is taken for one of the journal's own.
/// </remarks>
public sealed class Journal : IDisposable
{
    /// <summary>Where the journal listens.</summary>
    public const string UsualSocket = "/run/systemd/journal/socket";

    /// <summary>The name of the daemon's records.</summary>
    public const string Identifier = "gantryd";

    private const string FieldPrefix = "GANTRY_";
    private const int MaxNameLength = 64;
    private const int BufferSize = 1 << 20;

    // A journal that takes no more must not hold the daemon up for long.
    private const int SendLimitMilliseconds = 500;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
    {
        SendTimeout = SendLimitMilliseconds,
        SendBufferSize = BufferSize,
    };

    private readonly UnixDomainSocketEndPoint _address;

    /// <summary>Makes one that has said nothing yet.</summary>
    /// <param name="socket">The socket of the journal.</param>
    public Journal(string socket)
    {
        _address = new UnixDomainSocketEndPoint(socket);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>Hands over a record.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">What happened.</param>
    /// <param name="fields">More on it.</param>
    /// <param name="exception">What went wrong; may be null.</param>
    /// <returns>Whether the journal took it.</returns>
    public bool TrySend(
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception)
    {
        try
        {
            _socket.SendTo(Record(level, message, fields, exception), _address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The datagram of a record.</summary>
    internal static byte[] Record(
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception)
    {
        ArrayBufferWriter<byte> record = new(512);
        Append(record, "PRIORITY", Priority(level));
        Append(record, "SYSLOG_IDENTIFIER", Identifier);
        Append(record, "MESSAGE", LogLine.Words(message, fields, exception));
        foreach ((string key, string value) in LogLine.Values(fields, exception))
        {
            Append(record, FieldName(key), value);
        }

        return record.WrittenSpan.ToArray();
    }

    private static void Append(ArrayBufferWriter<byte> record, string name, string value)
    {
        record.Write(Encoding.ASCII.GetBytes(name));
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        if (value.Contains('\n', StringComparison.Ordinal))
        {
            record.Write("\n"u8);
            BinaryPrimitives.WriteUInt64LittleEndian(record.GetSpan(sizeof(ulong)), (ulong)bytes.Length);
            record.Advance(sizeof(ulong));
        }
        else
        {
            record.Write("="u8);
        }

        record.Write(bytes);
        record.Write("\n"u8);
    }

    // Of capital letters, digits and underscores: "schemaVersion" becomes GANTRY_SCHEMA_VERSION.
    private static string FieldName(string key)
    {
        StringBuilder name = new(FieldPrefix);
        for (int i = 0; i < key.Length && name.Length < MaxNameLength; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(key[i]) && char.IsAsciiLetterLower(key[i - 1]))
            {
                name.Append('_');
            }

            name.Append(char.IsAsciiLetterOrDigit(key[i]) ? char.ToUpperInvariant(key[i]) : '_');
        }

        return name.ToString(0, Math.Min(name.Length, MaxNameLength));
    }

    // syslog(3)
    private static string Priority(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "7",
        LogLevel.Information => "6",
        LogLevel.Warning => "4",
        LogLevel.Critical => "2",
        _ => "3",
    };
}
