using System.Text.RegularExpressions;
using Gantry.Core.Errors;

namespace Gantry.Core.Namespaces;

/// <summary>
/// The rule for names of namespaces, containers, tasks, execs and sandboxes: letters and digits, in groups joined by a
/// single <c>.</c>, <c>_</c> or <c>-</c>; 76 characters at most.
/// </summary>
public static partial class Identifier
{
    /// <summary>The greatest number of characters in an identifier.</summary>
    public const int MaxLength = 76;

    private const string Pattern = "^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$";

    /// <summary>Checks an identifier.</summary>
    /// <param name="text">The text to check.</param>
    /// <exception cref="GantryException">InvalidArgument: it breaks the rule.</exception>
    public static void Validate(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "identifier must not be empty");
        }

        if (text.Length > MaxLength)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"identifier \"{text}\" greater than maximum length ({MaxLength} characters)");
        }

        if (!IsValid(text))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"identifier \"{text}\" must match {Pattern}");
        }
    }

    /// <summary>Whether a text is an identifier.</summary>
    /// <param name="text">The text to check.</param>
    public static bool IsValid(string? text) =>
        // '$' of .NET also matches before a last line feed; no line feed may pass.
        text is { Length: > 0 and <= MaxLength } && text[^1] != '\n' && Rule().IsMatch(text);

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rule();
}
