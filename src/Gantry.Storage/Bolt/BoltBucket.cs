using System.Buffers.Binary;
using System.Text;
using Gantry.Core.Errors;

namespace Gantry.Storage.Bolt;

/// <summary>
/// A bucket: keys in order, with values or buckets of their own. It is read whole when it is first asked for something.
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
    public IReadOnlyList<BoltEntry> Entries => _entries ??= Load();

    private string Where => _file.Describe(_rootPage, Path);

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

    private List<BoltEntry> Load()
    {
        List<BoltEntry> entries = [];
        if (_rootPage == 0)
        {
            BoltPage page = new(_inlinePage, Where);
            if (!page.IsLeaf)
            {
                throw new GantryException(ErrorKind.DataLoss, $"{Where}: a page within a value is no leaf");
            }

            LoadLeaf(page, Where, entries);
        }
        else
        {
            LoadTree(_rootPage, 0, entries);
        }

        return entries;
    }

    private void LoadTree(ulong id, int depth, List<BoltEntry> entries)
    {
        string where = _file.Describe(id, Path);
        if (depth > MaxTreeDepth)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: more than {MaxTreeDepth} pages deep");
        }

        BoltPage page = new(_file.ReadPage(id, where), where);
        if (page.IsLeaf)
        {
            LoadLeaf(page, where, entries);
            return;
        }

        for (int i = 0; i < page.Count; i++)
        {
            LoadTree(page.Child(i), depth + 1, entries);
        }
    }

    private void LoadLeaf(BoltPage page, string where, List<BoltEntry> entries)
    {
        for (int i = 0; i < page.Count; i++)
        {
            (ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool isBucket) = page.Item(i);
            if (entries.Count > 0 && entries[^1].Key.Span.SequenceCompareTo(key.Span) >= 0)
            {
                throw new GantryException(ErrorKind.DataLoss, $"{where}: the keys are out of order");
            }

            entries.Add(isBucket
                ? new BoltEntry(key, ReadOnlyMemory<byte>.Empty, Nested(key, value, where))
                : new BoltEntry(key, value, null));
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
