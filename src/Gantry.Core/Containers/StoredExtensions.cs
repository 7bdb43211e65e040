using Gantry.Core.Errors;

namespace Gantry.Core.Containers;

/// <summary>
/// Reads the extensions of a container from the form they are stored in, one by one: for each, its name (7-bit encoded
/// length and UTF-8), its type URL (the same), and its value (7-bit encoded length and the bytes as they came).
/// </summary>
public ref struct StoredExtensions
{
    private const int BitsOfLength = 7;
    private const int MaxLengthBits = 28;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins before the first extension.</summary>
    /// <param name="stored">The stored form; nothing for none.</param>
    public StoredExtensions(ReadOnlySpan<byte> stored) => _rest = stored;

    /// <summary>The name of this extension, in UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The type URL of its value, in UTF-8.</summary>
    public ReadOnlySpan<byte> TypeUrl { get; private set; }

    /// <summary>Its value.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next extension.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="GantryException">DataLoss: the stored form is damaged.</exception>
    public bool Read()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        Name = Next();
        TypeUrl = Next();
        Value = Next();
        return true;
    }

    private ReadOnlySpan<byte> Next()
    {
        int length = 0;
        for (int shift = 0, i = 0; shift <= MaxLengthBits && i < _rest.Length; shift += BitsOfLength, i++)
        {
            length |= (_rest[i] & 0x7f) << shift;
            if (_rest[i] < 0x80)
            {
                ReadOnlySpan<byte> text = _rest[(i + 1)..];
                if (length < 0 || length > text.Length)
                {
                    break;
                }

                _rest = text[length..];
                return text[..length];
            }
        }

        throw new GantryException(ErrorKind.DataLoss, "metadata: the extensions of a container can't be read");
    }
}
