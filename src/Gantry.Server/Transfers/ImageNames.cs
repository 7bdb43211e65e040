using Gantry.Api.Types.Transfer;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Server.Transfers;

/// <summary>
/// The names that a client wants its images to have: one name, names besides, and prefixes, which make a name of the tag
/// that an archive tells of an image.
/// </summary>
/// <param name="store">What the client says.</param>
internal sealed class ImageNames(ImageStore store)
{
    /// <summary>The names of an image that is known by no other than the client's.</summary>
    /// <param name="digest">What it stands for.</param>
    /// <exception cref="GantryException">NotFound: there are none.</exception>
    public IReadOnlyList<string> Of(Digest digest)
    {
        List<string> names = store.Name.Length > 0 ? [store.Name] : [];
        names.AddRange(store.ExtraReferences.Where(reference => !reference.IsPrefix).Select(
            reference => reference.AddDigest ? $"{reference.Name}@{digest}" : reference.Name));
        return names.Count > 0
            ? names
            : throw new GantryException(ErrorKind.NotFound, "no image name found");
    }

    /// <summary>The names of the images that are to be exported: those that are named, and those that begin with a prefix.</summary>
    /// <param name="images">All images.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="GantryException">NotFound: there is none that begins so.</exception>
    public async Task<IReadOnlyList<string>> ToExportAsync(IImageStore images, CancellationToken cancellationToken)
    {
        List<string> names = store.Name.Length > 0 ? [store.Name] : [];
        foreach (ImageReference reference in store.ExtraReferences)
        {
            if (!reference.IsPrefix)
            {
                names.Add(reference.Name);
                continue;
            }

            int before = names.Count;
            names.AddRange((await images.ListAsync([], cancellationToken))
                .Select(image => image.Name).Where(name => HasPrefix(name, reference.Name)));
            if (names.Count == before)
            {
                throw new GantryException(ErrorKind.NotFound, $"images with the prefix \"{reference.Name}\"");
            }
        }

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The names of an image out of an archive; none when it is not wanted under any.</summary>
    /// <param name="name">The full name that the archive tells; empty if it tells none.</param>
    /// <param name="tag">The tag, or whatever else the archive calls it; empty if it has no such.</param>
    /// <param name="digest">What it stands for.</param>
    public IReadOnlyList<string> OfImported(string name, string tag, Digest digest)
    {
        List<string> names = [];
        foreach (ImageReference prefix in store.ExtraReferences.Where(reference => reference.IsPrefix))
        {
            string found = name.Length > 0
                ? Prefixed(prefix, name) == name ? name : ""
                : tag.Length > 0 ? Prefixed(prefix, tag) : "";
            if (found.Length > 0)
            {
                names.Add(found);
            }

            if (prefix.AddDigest && !(found.Length > 0 && prefix.SkipNamedDigest))
            {
                names.Add($"{prefix.Name}@{digest}");
            }
        }

        return names;
    }

    // A bare tag goes after the prefix. A fuller name stands for itself, if it has the prefix or need not.
    private static string Prefixed(ImageReference prefix, string name)
    {
        if (name.AsSpan().IndexOfAny("/:@") < 0)
        {
            return prefix.Name.Length > 0 ? $"{prefix.Name}:{name}" : "";
        }

        return prefix.AllowOverwrite || HasPrefix(name, prefix.Name) ? name : "";
    }

    private static bool HasPrefix(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
        && (name.Length == prefix.Length || name[prefix.Length] is '/' or ':' or '@');
}
