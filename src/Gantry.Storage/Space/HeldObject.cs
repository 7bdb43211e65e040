namespace Gantry.Storage.Space;

/// <summary>Something that takes space, and how many roots hold it: images, containers, leases.</summary>
internal sealed class HeldObject
{
    private int _lastRoot = -1;

    /// <summary>Bytes on disk.</summary>
    public long Bytes { get; set; }

    /// <summary>Whether it is a snapshot and not a blob.</summary>
    public bool IsSnapshot { get; init; }

    /// <summary>How many roots reach it.</summary>
    public int Holders { get; private set; }

    /// <summary>Notes that a root reaches it.</summary>
    /// <returns>False when that is known.</returns>
    public bool Reach(int root)
    {
        if (_lastRoot == root)
        {
            return false;
        }

        _lastRoot = root;
        Holders++;
        return true;
    }
}
