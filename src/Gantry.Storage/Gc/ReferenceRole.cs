namespace Gantry.Storage.Gc;

/// <summary>Why one object refers to another. The numbers are stored.</summary>
internal enum ReferenceRole
{
    /// <summary>A label <c>gc.ref.*</c> of the owner: the owner keeps the other.</summary>
    Label = 1,

    /// <summary>A label <c>gc.bref.*</c> of the owner: the other keeps the owner.</summary>
    Back = 2,

    /// <summary>A label <c>gc.root</c> of the owner: it is kept by itself.</summary>
    Root = 3,

    /// <summary>
    /// What the owner is made of: an image's target, a snapshot's parent, a container's snapshot, what an ingest
    /// shares. Followed also under a flat lease.
    /// </summary>
    Part = 4,

    /// <summary>The owner is a lease and the other its resource.</summary>
    Leased = 5,

    /// <summary>A label <c>gc.cond.snapshot</c> of the owner: the other keeps the owner while the condition holds.</summary>
    Condition = 6,

    /// <summary>A label <c>gc.cond.value-usedat</c> of the owner: a time that conditions ask for; there is no other.</summary>
    UsedAt = 7,
}
