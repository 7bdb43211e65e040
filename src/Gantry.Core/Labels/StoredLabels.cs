using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;

namespace Gantry.Core.Labels;

/// <summary>Reads labels or annotations from the form they are stored in, a JSON object of strings, one by one.</summary>
/// <example>
/// <code>
/// StoredLabels labels = new("""{"a":"1"}"""u8);
/// while (labels.Read()) { use(labels.Key, labels.Value); }
/// </code>
/// </example>
public ref struct StoredLabels
{
    private const int EmptyLength = 2;

    private Utf8JsonReader _reader;

    /// <summary>Begins before the first label.</summary>
    /// <param name="stored">The stored form; nothing, or <c>{}</c>, for none.</param>
    public StoredLabels(ReadOnlySpan<byte> stored)
    {
        IsEmpty = stored.Length <= EmptyLength;
        _reader = new Utf8JsonReader(stored);
    }

    /// <summary>Whether there are none.</summary>
    public readonly bool IsEmpty { get; }

    /// <summary>The key of this label, in UTF-8.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The value of this label, in UTF-8.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next label.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="GantryException">DataLoss: the stored form is damaged.</exception>
    public bool Read()
    {
        if (IsEmpty)
        {
            return false;
        }

        try
        {
            while (_reader.Read())
            {
                if (_reader.TokenType == JsonTokenType.PropertyName)
                {
                    Key = Text(ref _reader);
                    _reader.Read();
                    Value = Text(ref _reader);
                    return true;
                }
            }

            return false;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new GantryException(ErrorKind.DataLoss, "metadata: the labels of a record can't be read", e);
        }
    }

    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader) =>
        reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String) || reader.ValueIsEscaped
            ? Encoding.UTF8.GetBytes(reader.GetString() ?? "")
            : reader.ValueSpan;
}
