using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Storage.Bolt;
using Gantry.Testing;
using Xunit;

namespace Gantry.Storage.Tests.Bolt;

public sealed class BoltFileTests : IDisposable
{
    private const int PageSize = 4096;

    private readonly TempDirectory _directory = new();

    private string Database => _directory["test.db"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Branches_overflow_and_buckets_of_both_kinds_are_read()
    {
        BoltTree root = new();
        BoltTree many = root.Under("many");
        for (int i = 0; i < 3000; i++)
        {
            many.Set(i.ToString("D6", CultureInfo.InvariantCulture), $"value {i}");
        }

        byte[] large = [.. Enumerable.Range(0, 50_000).Select(i => (byte)i)];
        root.Under("nested", "deeper", "deepest").Set("large", large);
        root.Under("small").Set("k", "v");
        BoltWriter.Write(Database, root);

        using BoltFile file = BoltFile.Open(Database);

        Assert.Equal(7, file.TransactionId);
        Assert.Equal(3000, file.Root.Bucket("many")!.Entries.Count);
        Assert.Equal("value 1234", Text(file.Root.Bucket("many")!.Value("001234")));
        Assert.Equal(large, file.Root.Bucket("nested")!.Bucket("deeper")!.Bucket("deepest")!.Value("large")!.Value.ToArray());
        Assert.Equal("v", Text(file.Root.Bucket("small")!.Value("k")));
        Assert.Null(file.Root.Bucket("small")!.Value("none"));
        Assert.Null(file.Root.Value("small"));
    }

    [Fact]
    public void A_bucket_that_is_walked_is_not_kept_in_memory()
    {
        const int Count = 4000;
        BoltTree root = new();
        for (int i = 0; i < Count; i++)
        {
            root.Under("many", i.ToString("D6", CultureInfo.InvariantCulture)).Set("large", new byte[10_000]);
        }

        BoltWriter.Write(Database, root);
        root = new BoltTree();
        using BoltFile file = BoltFile.Open(Database);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        int seen = 0;
        long most = 0;
        foreach (BoltEntry entry in file.Root.Bucket("many")!.Walk())
        {
            Assert.Equal(10_000, entry.Bucket!.Value("large")!.Value.Length);
            if (++seen % 500 == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(Count, seen);
        Assert.InRange(most, long.MinValue, 10 << 20);
    }

    [Theory]
    [InlineData(0, 7)]
    [InlineData(1, 6)]
    public void When_one_meta_page_is_damaged_the_other_holds(int damaged, long transaction)
    {
        BoltWriter.Write(Database, Small());
        Change((damaged * PageSize) + 40, bytes => bytes[0] ^= 0xff);

        using BoltFile file = BoltFile.Open(Database);

        Assert.Equal(transaction, file.TransactionId);
        Assert.Equal("v", Text(file.Root.Bucket("b")!.Value("k")));
    }

    [Fact]
    public void Without_a_whole_meta_page_it_is_no_database()
    {
        BoltWriter.Write(Database, Small());
        Change(40, bytes => bytes[0] ^= 0xff);
        Change(PageSize + 40, bytes => bytes[0] ^= 0xff);

        GantryException error = Assert.Throws<GantryException>(() => BoltFile.Open(Database));

        Assert.Equal(
            $"{Database}: neither page 0 nor page 1 is a whole meta page of a bbolt database: data loss", error.Message);
    }

    [Fact]
    public void A_branch_that_leads_to_itself_is_an_error_that_names_the_page()
    {
        BoltTree root = new();
        for (int i = 0; i < 1000; i++)
        {
            root.Set($"key {i:D4}", new byte[100]);
        }

        BoltWriter.Write(Database, root);
        ulong rootPage = RootPage();
        Change(((long)rootPage * PageSize) + 16 + 8, bytes => BinaryPrimitives.WriteUInt64LittleEndian(bytes, rootPage));
        using BoltFile file = BoltFile.Open(Database);

        GantryException error = Assert.Throws<GantryException>(() => file.Root.Entries);

        Assert.Equal(ErrorKind.DataLoss, error.Kind);
        Assert.Contains($"{Database}: root: page {rootPage}: page {rootPage} is in two places", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 99, "says that it is page")]
    [InlineData(8, 0x10, "flags 0x10")]
    [InlineData(10, 0xffff, "elements do not fit")]
    [InlineData(12, 0xffff, "more pages are not there")]
    [InlineData(20, 0xffff, "element 0 is damaged")]
    [InlineData(24, 0xffff, "element 0 is damaged")]
    [InlineData(28, 0xffff, "element 0 is damaged")]
    public void A_damaged_page_is_an_error_that_says_what_is_wrong(int offset, ushort value, string expected)
    {
        BoltWriter.Write(Database, Small());
        Change(((long)RootPage() * PageSize) + offset, bytes => BinaryPrimitives.WriteUInt16LittleEndian(bytes, value));
        using BoltFile file = BoltFile.Open(Database);

        GantryException error = Assert.Throws<GantryException>(() => file.Root.Entries);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(Database, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_a_daemon_has_open_is_refused()
    {
        BoltWriter.Write(Database, Small());
        using FileStream held = new(Database, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        GantryException error = Assert.Throws<GantryException>(() => BoltFile.Open(Database));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("containerd still runs on this root", error.Message, StringComparison.Ordinal);
    }

    private static BoltTree Small()
    {
        BoltTree root = new();
        root.Under("b").Set("k", "v");
        root.Under("b", "c").Set("d", "e");
        return root;
    }

    private static string Text(ReadOnlyMemory<byte>? value) => Encoding.UTF8.GetString(value!.Value.Span);

    private ulong RootPage() => BinaryPrimitives.ReadUInt64LittleEndian(File.ReadAllBytes(Database).AsSpan(PageSize + 32));

    private void Change(long offset, Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(Database);
        byte[] part = bytes[(int)offset..];
        change(part);
        part.CopyTo(bytes, offset);
        File.WriteAllBytes(Database, bytes);
    }
}
