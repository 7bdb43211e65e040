namespace Gantry.Storage.Gc;

/// <summary>A reference of an object to a snapshot, which keeps the object while a condition holds.</summary>
/// <param name="Namespace">The namespace of both.</param>
/// <param name="Kind">The kind of the object.</param>
/// <param name="Key">Its key.</param>
/// <param name="Condition">The condition, and the snapshot.</param>
internal readonly record struct ConditionalReference(
    string Namespace,
    NodeKind Kind,
    string Key,
    GcCondition Condition);
