using Gantry.Oci.Image;

namespace Gantry.Durability.Tests.Pulls;

/// <summary>An image of the <see cref="PullArena"/>.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Layers">Its layers.</param>
/// <param name="Top">The chain id of all of them.</param>
internal sealed record PulledImage(string Name, IReadOnlyList<Digest> Layers, Digest Top);
