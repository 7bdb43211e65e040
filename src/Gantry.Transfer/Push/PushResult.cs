using Gantry.Oci.Image;

namespace Gantry.Transfer.Push;

/// <summary>What was pushed.</summary>
/// <param name="Target">The manifest or index that the name stands for in the registry now.</param>
/// <param name="Uploaded">Blobs that were sent.</param>
/// <param name="Mounted">Blobs that the registry took over from another repository.</param>
/// <param name="Existed">Blobs that were there.</param>
public sealed record PushResult(Descriptor Target, int Uploaded, int Mounted, int Existed);
