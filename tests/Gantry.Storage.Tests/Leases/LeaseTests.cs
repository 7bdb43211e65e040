using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Leases;

public sealed class LeaseTests
{
    [Fact]
    public async Task A_lease_without_an_id_gets_one_of_containerds_shape()
    {
        await using TestStore store = await TestStore.OpenAsync();

        Lease lease = await store.Default.Leases.CreateAsync("", Label(("a", "1")), Token);

        Assert.Matches("^[0-9]+-[A-Za-z0-9_-]{4}$", lease.Id);
        Assert.Equal(Label(("a", "1")), Assert.Single(await store.Default.Leases.ListAsync([], Token)).Labels);
    }

    [Fact]
    public async Task Leases_that_exist_or_do_not_are_told()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);

        GantryException exists = await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Default.Leases.CreateAsync("l", NoLabels, Token));
        GantryException missing = await FailsAsync(
            ErrorKind.NotFound,
            () => store.Default.Leases.DeleteAsync("m", false, Token));

        Assert.Equal("lease \"l\": already exists", exists.Message);
        Assert.Equal("lease \"m\": not found", missing.Message);
    }

    [Fact]
    public async Task Resources_are_listed_in_containerds_order()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);
        LeaseResource[] resources =
        [
            new(Digest.OfBytes("1"u8).ToString(), "content"),
            new("i", "images"),
            new("r", "ingests"),
            new("a/b", "snapshots/overlayfs"),
        ];

        foreach (LeaseResource resource in resources.Reverse().Concat(resources))
        {
            await store.Default.Leases.AddResourceAsync("l", resource, Token);
        }

        Assert.Equal(resources, await store.Default.Leases.ListResourcesAsync("l", Token));
    }

    [Fact]
    public async Task A_removed_resource_is_gone_and_a_second_removal_changes_nothing()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);
        LeaseResource resource = new("k", "snapshots/overlayfs");
        await store.Default.Leases.AddResourceAsync("l", resource, Token);

        await store.Default.Leases.RemoveResourceAsync("l", resource, Token);
        await store.Default.Leases.RemoveResourceAsync("l", resource, Token);

        Assert.Empty(await store.Default.Leases.ListResourcesAsync("l", Token));
    }

    [Theory]
    [InlineData("bogus", "x", ErrorKind.NotImplemented, "resource type bogus not supported yet: not implemented")]
    [InlineData("content", "x", ErrorKind.InvalidArgument, "invalid content resource id x: invalid checksum digest format: invalid argument")]
    [InlineData("content/x", "x", ErrorKind.InvalidArgument, "invalid resource type content/x: invalid argument")]
    [InlineData("snapshots", "x", ErrorKind.InvalidArgument, "invalid snapshot resource type snapshots: invalid argument")]
    public async Task A_bad_resource_is_told(string type, string id, ErrorKind kind, string message)
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);

        GantryException error = await FailsAsync(
            kind,
            () => store.Default.Leases.AddResourceAsync("l", new LeaseResource(id, type), Token));

        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task What_is_made_under_a_lease_is_added_to_it()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);

        Digest digest = await PutAsync(store.Under("l").Content, "x");
        await using IContentWriter ingest = await store.Under("l").Content.OpenWriterAsync("r", 0, default, Token);
        await store.Under("l").Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);
        await store.Under("l").Snapshots("overlayfs").CommitAsync("n", "k", "", NoLabels, Token);
        await store.Under("l").Snapshots("overlayfs").ViewAsync("v", "n", NoLabels, Token);

        Assert.Equal(
            [
                new LeaseResource(digest.ToString(), "content"),
                new LeaseResource("r", "ingests"),
                new LeaseResource("n", "snapshots/overlayfs"),
                new LeaseResource("v", "snapshots/overlayfs"),
            ],
            await store.Default.Leases.ListResourcesAsync("l", Token));
    }

    [Fact]
    public async Task What_exists_already_is_added_to_the_lease_all_the_same()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");
        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);

        await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Under("l").Content.OpenWriterAsync("other", 0, digest, Token));
        await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Under("l").Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token));

        Assert.Equal(
            [new LeaseResource(digest.ToString(), "content"), new LeaseResource("k", "snapshots/overlayfs")],
            await store.Default.Leases.ListResourcesAsync("l", Token));
    }

    [Fact]
    public async Task Making_something_under_a_lease_that_does_not_exist_reports_NotFound_and_leaves_nothing()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException content = await FailsAsync(
            ErrorKind.NotFound,
            () => store.Under("l").Content.OpenWriterAsync("r", 0, default, Token));
        await FailsAsync(
            ErrorKind.NotFound,
            () => store.Under("l").Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token));

        Assert.Equal("lease does not exist: not found", content.Message);
        Assert.Empty(await store.Default.Content.ListStatusesAsync([], Token));
        Assert.Empty(store.Driver.Ids);
        Assert.Equal(0, store.IngestDirectories());
    }
}
