using System.Text;
using Gantry.Core.Errors;

namespace Gantry.Core.Labels;

/// <summary>What a label may be.</summary>
public static class LabelRules
{
    /// <summary>The greatest number of bytes (UTF-8) in key and value together.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Checks labels.</summary>
    /// <param name="labels">The labels to check.</param>
    /// <exception cref="GantryException">InvalidArgument: a label is too long; the text names its key.</exception>
    public static void Validate(IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        foreach ((string key, string value) in labels)
        {
            int bytes = Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
            if (bytes > MaxBytes)
            {
                string shown = key.Length > 10 ? key[..10] : key;
                throw new GantryException(
                    ErrorKind.InvalidArgument,
                    $"label key and value length ({bytes} bytes) greater than maximum size ({MaxBytes} bytes), key: {shown}");
            }
        }
    }
}
