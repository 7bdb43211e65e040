using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

/// <summary>Which manifests of an index are fetched, and where each is unpacked.</summary>
public sealed class PlatformPullTests
{
    [Fact]
    public async Task Of_an_index_only_this_platform_is_fetched_and_the_index_is_stored_whole()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor ours = AddImage(fixture, null, Platform.Current, "ours");
        Descriptor theirs = AddImage(fixture, null, new Platform("linux", "s390x"), "theirs");
        Descriptor index = fixture.Layout.AddIndex("v1", theirs, ours);
        PullRequest request = await fixture.PushAsync("v1");

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(index.Digest, result.Image.Target.Digest);
        Assert.Equal(ours.Digest, Assert.Single(result.Manifests).Digest);
        List<ContentInfo> content = await fixture.ListContentAsync();
        Assert.Equal(4, content.Count);
        Assert.DoesNotContain(content, info => info.Digest == theirs.Digest);
        ContentInfo stored = content.Single(info => info.Digest == index.Digest);
        Assert.Equal(theirs.Digest.ToString(), stored.Labels["containerd.io/gc.ref.content.m.0"]);
        Assert.Equal(ours.Digest.ToString(), stored.Labels["containerd.io/gc.ref.content.m.1"]);
    }

    [Fact]
    public async Task All_platforms_are_fetched_when_asked_for()
    {
        await using PullFixture fixture = await CreateAsync();
        fixture.Layout.AddIndex(
            "v1",
            AddImage(fixture, null, new Platform("linux", "s390x"), "theirs"),
            AddImage(fixture, null, Platform.Current, "ours"));
        PullRequest request = await fixture.PushAsync("v1", snapshotter: null);

        PullResult result = await fixture.Puller.PullAsync(
            request with { Platform = PlatformMatcher.All, AllPlatforms = true }, null, Cancel);

        Assert.Equal(2, result.Manifests.Count);
        Assert.True(result.ChainId.IsEmpty);
        Assert.Equal(7, (await fixture.ListContentAsync()).Count);
    }

    [Fact]
    public async Task Each_platform_is_unpacked_where_it_is_wanted()
    {
        await using PullFixture fixture = await CreateAsync();
        Platform other = new("linux", "s390x");
        fixture.Layout.AddIndex(
            "v1",
            AddImage(fixture, null, new Platform("linux", "riscv64"), "nowhere"),
            AddImage(fixture, null, other, "theirs"),
            AddImage(fixture, null, Platform.Current, "ours"));
        PullRequest request = await fixture.PushAsync("v1", snapshotter: null);

        await fixture.Puller.PullAsync(
            request with
            {
                Platform = PlatformMatcher.All,
                AllPlatforms = true,
                Unpacks =
                [
                    new UnpackTarget("overlayfs") { Platform = PlatformMatcher.Only(Platform.Current) },
                    new UnpackTarget("remote") { Platform = PlatformMatcher.Only(other) },
                ],
            },
            null,
            Cancel);

        Assert.Equal("ours", await OnlySnapshotAsync(fixture, "overlayfs"));
        Assert.Equal("theirs", await OnlySnapshotAsync(fixture, "remote"));
    }

    [Fact]
    public async Task An_index_without_this_platform_is_not_found_and_leaves_no_image()
    {
        await using PullFixture fixture = await CreateAsync();
        fixture.Layout.AddIndex("v1", AddImage(fixture, null, new Platform("linux", "s390x"), "theirs"));
        PullRequest request = await fixture.PushAsync("v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.EndsWith("no match for platform in manifest: not found", error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_manifest_in_an_index_that_names_no_platform_is_judged_by_its_config()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor ours = AddImage(fixture, null, Platform.Current, "ours") with { Platform = null };
        Descriptor theirs = AddImage(fixture, null, new Platform("linux", "s390x"), "theirs") with { Platform = null };
        fixture.Layout.AddIndex("v1", theirs, ours);
        PullRequest request = await fixture.PushAsync("v1");

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(ours.Digest, Assert.Single(result.Manifests).Digest);
    }

    private static async Task<string> OnlySnapshotAsync(PullFixture fixture, string snapshotter)
    {
        List<SnapshotInfo> all = await fixture.Scope.Snapshots(snapshotter).ListAsync([], Cancel).ToListAsync(Cancel);
        return (await fixture.ReadSnapshotAsync(snapshotter, Digest.Parse(Assert.Single(all).Name)))["f"];
    }
}
