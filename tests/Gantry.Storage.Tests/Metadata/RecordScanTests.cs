using System.Text;
using Gantry.Core.Content;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Metadata;

public sealed class RecordScanTests
{
    [Fact]
    public async Task Blobs_are_shown_in_parts_as_they_are_listed()
    {
        await using TestStore store = await TestStore.OpenAsync();
        (string, string)[] wide = [.. Enumerable.Range(0, 100).Select(i => ($"k{i}", new string('x', 4000)))];
        for (int i = 0; i < 7; i++)
        {
            await PutAsync(store.Default.Content, $"blob {i}", wide);
        }

        List<string> listed = [];
        await foreach (ContentInfo info in store.Default.Content.ListAsync([], Token))
        {
            listed.Add(info.Digest.ToString());
        }

        List<string> shown = [];
        int parts = Show(store, [], (in blob) => shown.Add(Encoding.UTF8.GetString(blob.Digest)));
        List<long> matching = [];
        Show(store, [$"digest=={listed[1]}"], (in blob) => matching.Add(blob.Size));

        Assert.Equal(listed, shown);
        Assert.Equal(3, parts);
        Assert.Equal([6L], matching);
    }

    [Fact]
    public async Task Snapshots_are_shown_as_they_are_listed()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync("b", "", NoLabels, Token);
        await snapshots.CommitAsync("base", "b", "", Label(("l", "1")), Token);
        await snapshots.PrepareAsync("a", "base", NoLabels, Token);
        List<string> shown = [];

        string? after = store.Store.Scan.Snapshots(
            Namespace.Default,
            "overlayfs",
            [],
            "",
            (in snapshot) =>
            {
                string name = Encoding.UTF8.GetString(snapshot.Name);
                string parent = Encoding.UTF8.GetString(snapshot.Parent);
                shown.Add($"{name} on {parent}: {snapshot.Kind}, {snapshot.Labels.IsEmpty}");
            },
            Token);

        Assert.Null(after);
        Assert.Equal(["a on base: Active, True", "base on : Committed, False"], shown);
    }

    private static int Show(TestStore store, string[] filters, RecordVisitor<ContentView> visit)
    {
        int parts = 0;
        for (string? after = ""; after is not null; parts++)
        {
            after = store.Store.Scan.Content(Namespace.Default, filters, after, visit, Token);
        }

        return parts;
    }
}
