using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Distribution.Http;

/// <summary>The digest that a registry tells in a header of its answer.</summary>
internal static class DigestHeader
{
    private const string Name = "Docker-Content-Digest";

    /// <summary>The digest; empty when there is none.</summary>
    /// <exception cref="GantryException">FailedPrecondition: it is malformed.</exception>
    public static Digest In(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(Name, out IEnumerable<string>? values))
        {
            return default;
        }

        string text = string.Join(',', values);
        return Digest.TryParse(text, out Digest digest)
            ? digest
            : throw new GantryException(ErrorKind.FailedPrecondition, $"invalid digest \"{text}\" in header {Name}");
    }
}
