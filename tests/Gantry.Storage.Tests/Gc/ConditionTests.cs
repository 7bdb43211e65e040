using System.Globalization;
using Gantry.Core;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Gc;

public sealed class ConditionTests
{
    private const string UsedAt = "containerd.io/gc.cond.value-usedat";

    [Theory]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat<24h|s", true)]
    [InlineData("containerd.io/gc.cond.snapshot/overlayfs/name", "usedat<24h|s", true)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat>24h|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat>24h,usedat<3h|s", true)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat<1h|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat<24h|other", false)]
    [InlineData("containerd.io/gc.cond.snapshot.native", "usedat<24h|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat=24h|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "size<24|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat<24h", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat|s", false)]
    [InlineData("containerd.io/gc.cond.snapshot.overlayfs", "usedat<soon|s", false)]
    public async Task A_snapshot_keeps_content_while_a_condition_on_its_last_use_holds(
        string label,
        string value,
        bool kept)
    {
        await using TestStore store = await TestStore.OpenAsync();
        string twoHoursAgo = Time(store.Time.GetUtcNow().AddHours(-2));
        await store.Default.Snapshots("overlayfs").PrepareAsync(
            "s", "", Label(("containerd.io/gc.root", "1"), (UsedAt, twoHoursAgo)), Token);
        Digest digest = await PutAsync(store.Default.Content, "x", (label, value));

        await store.CollectAsync();

        Assert.Equal(kept, store.HasFile(digest));
    }

    [Fact]
    public async Task A_condition_stops_holding_as_time_passes_and_holds_again_after_use()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync(
            "s", "", Label(("containerd.io/gc.root", "1"), (UsedAt, Time(store.Time.GetUtcNow()))), Token);
        Digest digest = await PutAsync(
            store.Default.Content, "x", ("containerd.io/gc.cond.snapshot.overlayfs", "usedat<1h|s"));

        store.Time.Advance(TimeSpan.FromMinutes(50));
        await store.CollectAsync();
        SnapshotInfo info = await snapshots.StatAsync("s", Token);
        await snapshots.UpdateAsync(
            info with { Labels = Label((UsedAt, Time(store.Time.GetUtcNow()))) },
            new FieldMask([$"labels.{UsedAt}"]),
            Token);
        store.Time.Advance(TimeSpan.FromMinutes(50));
        await store.CollectAsync();
        Assert.True(store.HasFile(digest));

        store.Time.Advance(TimeSpan.FromMinutes(20));
        await store.CollectAsync();
        Assert.False(store.HasFile(digest));
    }

    [Fact]
    public async Task Nothing_is_kept_by_a_snapshot_that_goes_itself()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync(
            "s", "", Label((UsedAt, Time(store.Time.GetUtcNow()))), Token);
        Digest digest = await PutAsync(
            store.Default.Content, "x", ("containerd.io/gc.cond.snapshot.overlayfs", "usedat<24h|s"));

        await store.CollectAsync();

        Assert.False(store.HasFile(digest));
        Assert.Empty(store.Driver.Ids);
    }

    [Fact]
    public async Task A_time_that_is_not_written_as_RFC_3339_says_is_no_expiry()
    {
        await using TestStore store = await TestStore.OpenAsync();
        foreach (string text in new[] { "2001-01-01", "10:00", "01/02/2003", "2001-01-01T00:00:00", "yesterday" })
        {
            await store.Default.Leases.CreateAsync(text, Label(("containerd.io/gc.expire", text)), Token);
        }

        await store.Default.Leases.CreateAsync("a", Label(("containerd.io/gc.expire", "2001-01-01T00:00:00+02:00")), Token);
        await store.Default.Leases.CreateAsync(
            "b", Label(("containerd.io/gc.expire", "2001-01-01T00:00:00.123456789-07:00")), Token);
        await store.CollectAsync();

        Assert.Equal(5, (await store.Default.Leases.ListAsync([], Token)).Count);
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
