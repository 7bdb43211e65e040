namespace Gantry.Core.Metadata;

/// <summary>Gets one record of a list as it is stored.</summary>
/// <typeparam name="T">A view of such a record.</typeparam>
/// <param name="record">The view; its bytes are gone when the visitor returns.</param>
public delegate void RecordVisitor<T>(in T record)
    where T : allows ref struct;
