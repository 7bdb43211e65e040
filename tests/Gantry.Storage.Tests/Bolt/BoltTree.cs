using System.Text;

namespace Gantry.Storage.Tests.Bolt;

/// <summary>A bucket to be written: keys with bytes or with buckets.</summary>
internal sealed class BoltTree : SortedDictionary<string, object>
{
    public BoltTree()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>A bucket within this one, made when it is first asked for.</summary>
    public BoltTree Under(params ReadOnlySpan<string> path)
    {
        BoltTree tree = this;
        foreach (string key in path)
        {
            if (!tree.TryGetValue(key, out object? below))
            {
                tree[key] = below = new BoltTree();
            }

            tree = (BoltTree)below;
        }

        return tree;
    }

    public BoltTree Set(string key, string text) => Set(key, Encoding.UTF8.GetBytes(text));

    public BoltTree Set(string key, byte[] value)
    {
        this[key] = value;
        return this;
    }
}
