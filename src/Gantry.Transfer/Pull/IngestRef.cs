using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>The refs of ingests: those of containerd, so that two clients do not fetch the same blob at once.</summary>
internal static class IngestRef
{
    public static string Of(Descriptor descriptor)
    {
        string prefix = descriptor.MediaType switch
        {
            string type when MediaTypes.IsIndex(type) => "index-",
            string type when MediaTypes.IsManifest(type) => "manifest-",
            string type when MediaTypes.IsConfig(type) => "config-",
            string type when MediaTypes.IsLayer(type) => "layer-",
            _ => "unknown-",
        };
        return prefix + descriptor.Digest;
    }
}
