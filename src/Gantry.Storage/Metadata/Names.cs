using Gantry.Core.Errors;

namespace Gantry.Storage.Metadata;

/// <summary>The rule for names that are free text: not empty, bounded, and without the character NUL.</summary>
internal static class Names
{
    /// <summary>The greatest length, in characters, of an image's name, a ref, a lease's id or a snapshot's key.</summary>
    public const int MaxLength = 32 * 1024;

    /// <summary>Checks a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="what">What it names, such as <c>image name</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: it breaks the rule.</exception>
    public static void Check(string name, string what)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{what} must not be empty");
        }

        CheckText(name, what);
    }

    /// <summary>Checks text that may be empty.</summary>
    public static void CheckText(string text, string what)
    {
        if (text.Length > MaxLength)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{what} greater than maximum length ({MaxLength} characters)");
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{what} must not contain a NUL character");
        }
    }
}
