using CliWrap;
using CliWrap.Buffered;
using Gantry.Core.Maintenance;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Storage.Tests.Space;

public sealed class SpaceTests
{
    [Fact]
    public async Task The_areas_together_are_what_du_says_of_the_root()
    {
        await using TestStore store = await TestStore.OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            await TestStore.PutAsync(store.Default.Content, new string('x', 1 + (i * 1500)));
        }

        await store.Default.Snapshots("overlayfs").PrepareAsync("s", "", TestStore.NoLabels, TestStore.Token);
        await File.WriteAllTextAsync(Path.Combine(store.Root, "root", "else"), "something", TestStore.Token);

        SpaceReport report = await store.Store.UsageAsync(TestStore.Token);

        Assert.Equal(
            await DuAsync(Path.Combine(store.Root, "root")) + await DuAsync(store.Driver.Root),
            report.Areas.Sum(area => area.Bytes));
        Assert.Equal(
            await DuAsync(Path.Combine(store.Store.ContentRoot, "blobs")),
            report.Areas.Single(area => area.Area == "content").Bytes);
        Assert.Equal(20, report.Areas.Single(area => area.Area == "content").Count);
    }

    [Fact]
    public async Task What_an_image_has_of_its_own_is_what_nothing_else_holds()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest shared = await TestStore.PutAsync(store.Default.Content, new string('s', 9000));
        Digest one = await TestStore.PutAsync(
            store.Default.Content, new string('1', 100), ("containerd.io/gc.ref.content.l.0", shared.ToString()));
        Digest two = await TestStore.PutAsync(
            store.Default.Content, new string('2', 5000), ("containerd.io/gc.ref.content.l.0", shared.ToString()));
        await TestStore.PutAsync(store.Default.Content, new string('f', 100));
        await store.Default.Images.CreateAsync(TestStore.Image("one", one), TestStore.Token);
        await store.Default.Images.CreateAsync(TestStore.Image("two", two), TestStore.Token);

        SpaceReport report = await store.Store.UsageAsync(TestStore.Token);

        Assert.Equal(
            [("one", 4096 + 12288, 4096L), ("two", 8192 + 12288, 8192L)],
            report.Images.Select(image => (image.Name, image.Content, image.Own)));
        Assert.Equal(12288, report.Images[0].Shared);
        Assert.Equal(4096, report.Areas.Single(area => area.Area == "content").Freeable);
    }

    [Theory]
    [InlineData("usedat<24h|s", 0)]
    [InlineData("usedat>24h|s", 4096)]
    public async Task A_blob_under_a_condition_that_holds_can_not_be_freed(string condition, long freeable)
    {
        await using TestStore store = await TestStore.OpenAsync();
        string now = store.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await store.Default.Snapshots("overlayfs").PrepareAsync(
            "s",
            "",
            TestStore.Label(("containerd.io/gc.root", "1"), ("containerd.io/gc.cond.value-usedat", now)),
            TestStore.Token);
        await TestStore.PutAsync(
            store.Default.Content, "blob", ("containerd.io/gc.cond.snapshot.overlayfs", condition));

        SpaceReport report = await store.Store.UsageAsync(TestStore.Token);

        Assert.Equal(freeable, report.Areas.Single(area => area.Area == "content").Freeable);
    }

    private static async Task<long> DuAsync(string path)
    {
        BufferedCommandResult result = await Cli.Wrap("du").WithArguments(["-sx", "-B1", path]).ExecuteBufferedAsync();
        return long.Parse(
            result.StandardOutput.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
