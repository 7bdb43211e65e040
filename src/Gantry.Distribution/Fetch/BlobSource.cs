using Gantry.Distribution.Hosts;

namespace Gantry.Distribution.Fetch;

/// <summary>Where a blob that is fetched in pieces came from last.</summary>
internal sealed class BlobSource
{
    /// <summary>The host that served it; null for none yet.</summary>
    public RegistryHost? Host { get; set; }
}
