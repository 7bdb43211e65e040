using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Api.Mapping;

/// <summary>Digests, which travel as text.</summary>
public static class DigestMapping
{
    /// <summary>Reads a digest that must be given.</summary>
    /// <param name="text">The text of the field.</param>
    /// <param name="field">What the field is called, for the error.</param>
    /// <exception cref="GantryException">InvalidArgument: it is empty or no digest.</exception>
    public static Digest ToDigest(string text, string field) => Required.Digest(text, field);

    /// <summary>Reads a digest that may be left out: then it is empty.</summary>
    /// <param name="text">The text of the field.</param>
    /// <exception cref="GantryException">InvalidArgument: it is no digest.</exception>
    public static Digest ToOptionalDigest(string text) => Required.OptionalDigest(text);
}
