namespace Gantry.Storage.Gc;

/// <summary>An object that nothing keeps, as of a mark.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">Its place in the order in which objects came to be.</param>
internal readonly record struct DeadObject(string Namespace, NodeKind Kind, string Key, long Sequence);
