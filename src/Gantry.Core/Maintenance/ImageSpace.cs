namespace Gantry.Core.Maintenance;

/// <summary>The space of an image.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Bytes of its blobs.</param>
/// <param name="Snapshots">Bytes of the snapshots it was unpacked into.</param>
/// <param name="Own">Of both, what nothing else holds: what removing the image frees.</param>
/// <param name="Containers">How many containers name it.</param>
public sealed record ImageSpace(
    string Namespace,
    string Name,
    long Content,
    long Snapshots,
    long Own,
    int Containers)
{
    /// <summary>Of content and snapshots, what others hold as well.</summary>
    public long Shared => Content + Snapshots - Own;
}
