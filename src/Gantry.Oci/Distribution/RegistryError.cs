namespace Gantry.Oci.Distribution;

/// <summary>One error that a registry reports in the body of an answer (distribution-spec, Error Codes).</summary>
/// <param name="Code">The code, such as <c>MANIFEST_UNKNOWN</c>; empty when it does not say.</param>
/// <param name="Message">The message; empty when it does not say.</param>
public sealed record RegistryError(string Code, string Message)
{
    /// <summary>The code in plain words and the message, as clients show them.</summary>
    public override string ToString()
    {
        string words = Code.ToLowerInvariant().Replace('_', ' ');
        return Message.Length == 0 || Message.Equals(words, StringComparison.OrdinalIgnoreCase) ? words
            : words.Length == 0 ? Message
            : $"{words}: {Message}";
    }
}
