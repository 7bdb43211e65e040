namespace Gantry.Storage.Adopt;

/// <summary>Records of containerd that are not taken over.</summary>
/// <param name="Namespace">Their namespace.</param>
/// <param name="Count">How many they are.</param>
/// <param name="What">What they are, such as <c>snapshots of zfs</c>.</param>
/// <param name="Reason">Why not.</param>
public sealed record AdoptionSkip(string Namespace, int Count, string What, string Reason);
