using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Api.Mapping;

/// <summary>What every request is checked for before it is turned into a record.</summary>
internal static class Required
{
    internal static T Message<T>(T? message, string field)
        where T : class =>
        message ?? throw new GantryException(ErrorKind.InvalidArgument, $"{field} must be set");

    internal static Digest Digest(string text, string field) =>
        OptionalDigest(text) is { IsEmpty: false } digest
            ? digest
            : throw new GantryException(ErrorKind.InvalidArgument, $"{field} must be set");

    internal static Digest OptionalDigest(string text)
    {
        if (text.Length == 0)
        {
            return default;
        }

        return Oci.Image.Digest.TryParse(text, out Digest digest)
            ? digest
            : throw new GantryException(ErrorKind.InvalidArgument, $"\"{text}\" failed validation");
    }
}
