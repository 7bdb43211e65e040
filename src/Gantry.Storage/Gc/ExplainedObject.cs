namespace Gantry.Storage.Gc;

/// <summary>What an operator asks about.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name, id, digest, ref or key.</param>
/// <param name="Snapshotter">The snapshotter, when a snapshot is meant; else empty.</param>
internal readonly record struct ExplainedObject(string Namespace, string Name, string Snapshotter);
