using System.Buffers.Binary;
using System.Text;
using Gantry.Core.Errors;

namespace Gantry.Storage.Bolt;

/// <summary>
/// A bucket: keys in order, with values or buckets of their own. It is read whole when it is first asked for something,
/// unless it is walked.
/// </summary>
public sealed class BoltBucket
{
    private const int HeaderLength = 16;
    private const int MaxTreeDepth = 64;
    private const int MaxNesting = 32;

    private readonly BoltFile _file;
    private readonly ulong _rootPage;
    private readonly ReadOnlyMemory<byte> _inlinePage;
    private readonly int _nesting;
    private List<BoltEntry>? _entries;

    /// <summary>The root bucket of a file.</summary>
    internal BoltBucket(BoltFile file, ulong rootPage)
        : this(file, "", rootPage, ReadOnlyMemory<byte>.Empty, 0)
    {
    }

    private BoltBucket(BoltFile file, string path, ulong rootPage, ReadOnlyMemory<byte> inlinePage, int nesting)
    {
        _file = file;
        _rootPage = rootPage;
        _inlinePage = inlinePage;
        _nesting = nesting;
        Path = path;
    }

    /// <summary>The keys that lead to it, from the root bucket on, with slashes between them: for messages.</summary>
    public string Path { get; }

    /// <summary>What is in it, in the order of the keys.</summary>
    /// <exception cref="GantryException">DataLoss: a page is damaged.</exception>
    public IReadOnlyList<BoltEntry> Entries => _entries ??= [.. Read()];

    private string Where => _file.Describe(_rootPage, Path);

    /// <summary>
    /// What is in it, in the order of the keys, read page by page as it is asked for and not kept: for a bucket that is too
    /// large to be held, and which a file gives only once.
    /// </summary>
    /// <exception cref="GantryException">DataLoss: a page is damaged.</exception>
    public IEnumerable<BoltEntry> Walk() => _entries ?? Read();

    /// <summary>The value of a key; null when there is none, or when it is a bucket.</summary>
    /// <param name="key">The key.</param>
    public ReadOnlyMemory<byte>? Value(string key) =>
        Find(key) is { Bucket: null } entry ? entry.Value : default(ReadOnlyMemory<byte>?);

    /// <summary>The bucket of a key; null when there is none, or when it is a value.</summary>
    /// <param name="key">The key.</param>
    public BoltBucket? Bucket(string key) => Find(key)?.Bucket;

    /// <summary>An error that names this bucket.</summary>
    /// <param name="detail">What is wrong with it.</param>
    internal GantryException Corrupt(string detail) => new(ErrorKind.DataLoss, $"{_file.Path}: {Path}: {detail}");

    private BoltEntry? Find(string key)
    {
        IReadOnlyList<BoltEntry> entries = Entries;
        ReadOnlySpan<byte> wanted = Encoding.UTF8.GetBytes(key);
        int low = 0;
        int high = entries.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = entries[middle].Key.Span.SequenceCompareTo(wanted);
            if (order == 0)
            {
                return entries[middle];
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return null;
    }

    private IEnumerable<BoltEntry> Read()
    {
        ReadOnlyMemory<byte>? last = null;
        foreach ((BoltPage leaf, string where) in _rootPage == 0 ? InlineLeaf() : Leaves(_rootPage, 0))
        {
            for (int i = 0; i < leaf.Count; i++)
            {
                (ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool isBucket) = leaf.Item(i);
                if (last is { } before && before.Span.SequenceCompareTo(key.Span) >= 0)
                {
                    throw new GantryException(ErrorKind.DataLoss, $"{where}: the keys are out of order");
                }

                last = key;
                yield return isBucket
                    ? new BoltEntry(key, ReadOnlyMemory<byte>.Empty, Nested(key, value, where))
                    : new BoltEntry(key, value, null);
            }
        }
    }

    private IEnumerable<(BoltPage Leaf, string Where)> InlineLeaf()
    {
        BoltPage page = new(_inlinePage, Where);
        yield return page.IsLeaf
            ? (page, Where)
            : throw new GantryException(ErrorKind.DataLoss, $"{Where}: a page within a value is no leaf");
    }

    private IEnumerable<(BoltPage Leaf, string Where)> Leaves(ulong id, int depth)
    {
        string where = _file.Describe(id, Path);
        if (depth > MaxTreeDepth)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: more than {MaxTreeDepth} pages deep");
        }

        BoltPage page = new(_file.ReadPage(id, where), where);
        if (page.IsLeaf)
        {
            yield return (page, where);
            yield break;
        }

        for (int i = 0; i < page.Count; i++)
        {
            foreach ((BoltPage Leaf, string Where) leaf in Leaves(page.Child(i), depth + 1))
            {
                yield return leaf;
            }
        }
    }

    private BoltBucket Nested(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, string where)
    {
        // A bucket that is small enough to lie within a value has no buckets of its own.
        if (value.Length < HeaderLength || _rootPage == 0 || _nesting == MaxNesting)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: a bucket within it is damaged");
        }

        string name = Encoding.UTF8.GetString(key.Span);
        return new BoltBucket(
            _file,
            Path.Length == 0 ? name : $"{Path}/{name}",
            BinaryPrimitives.ReadUInt64LittleEndian(value.Span),
            value[HeaderLength..],
            _nesting + 1);
    }
}
