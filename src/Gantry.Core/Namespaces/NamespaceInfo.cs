namespace Gantry.Core.Namespaces;

/// <summary>A namespace and its labels.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels; <c>containerd.io/defaults/…</c> among them steer the clients.</param>
public sealed record NamespaceInfo(Namespace Name, IReadOnlyDictionary<string, string> Labels);
