using System.Text;

namespace Gantry.Oci.Image;

/// <summary>
/// The name of a stack of layers (image-spec, config.md, Layer ChainID): that of one layer is its diff id; that of more
/// is the digest of <c>chain id of those below, a space, diff id of the topmost</c>.
/// </summary>
public static class ChainId
{
    /// <summary>The chain id of a whole stack; empty for no layers.</summary>
    /// <param name="diffIds">Diff ids, lowest first.</param>
    public static Digest Of(IReadOnlyList<Digest> diffIds) => diffIds.Count == 0 ? default : All(diffIds)[^1];

    /// <summary>The chain id at each layer.</summary>
    /// <param name="diffIds">Diff ids, lowest first.</param>
    public static IReadOnlyList<Digest> All(IReadOnlyList<Digest> diffIds)
    {
        Digest[] chain = new Digest[diffIds.Count];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = i == 0 ? diffIds[0] : Digest.OfBytes(Encoding.ASCII.GetBytes($"{chain[i - 1]} {diffIds[i]}"));
        }

        return chain;
    }
}
