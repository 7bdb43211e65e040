using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Metadata;

public sealed class NamespaceTests
{
    private static readonly Namespace Other = Namespace.Parse("other");

    [Fact]
    public async Task A_namespace_comes_to_be_with_its_first_object()
    {
        await using TestStore store = await TestStore.OpenAsync();

        await store.In("other").Containers.CreateAsync(Container("c"), Token);

        Assert.Equal(["other"], (await store.Store.Namespaces.ListAsync([], Token)).Select(n => n.Name.ToString()));
    }

    [Fact]
    public async Task A_namespace_that_does_not_exist_has_no_labels()
    {
        await using TestStore store = await TestStore.OpenAsync();

        NamespaceInfo info = await store.Store.Namespaces.GetAsync(Other, Token);

        Assert.Empty(info.Labels);
    }

    [Fact]
    public async Task Creating_a_namespace_twice_reports_AlreadyExists()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Store.Namespaces.CreateAsync(new NamespaceInfo(Other, Label(("a", "1"))), Token);

        GantryException error = await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Store.Namespaces.CreateAsync(new NamespaceInfo(Other, NoLabels), Token));

        Assert.Equal("namespace \"other\": already exists", error.Message);
    }

    [Fact]
    public async Task A_mask_changes_the_labels_that_it_names()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Store.Namespaces.CreateAsync(new NamespaceInfo(Other, Label(("a.b", "1"), ("c", "2"))), Token);

        await store.Store.Namespaces.UpdateAsync(
            new NamespaceInfo(Other, Label(("a.b", ""), ("d", "3"))),
            new FieldMask(["labels.a.b", "labels.d"]),
            Token);

        Assert.Equal(
            Label(("c", "2"), ("d", "3")),
            (await store.Store.Namespaces.GetAsync(Other, Token)).Labels);
    }

    [Fact]
    public async Task Without_a_mask_all_labels_are_replaced()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Store.Namespaces.CreateAsync(new NamespaceInfo(Other, Label(("a", "1"))), Token);

        await store.Store.Namespaces.UpdateAsync(new NamespaceInfo(Other, Label(("b", "2"))), FieldMask.Empty, Token);

        Assert.Equal(Label(("b", "2")), (await store.Store.Namespaces.GetAsync(Other, Token)).Labels);
    }

    [Theory]
    [InlineData("labels")]
    [InlineData("name")]
    [InlineData("labels.")]
    public async Task Another_path_is_an_InvalidArgument(string path)
    {
        await using TestStore store = await TestStore.OpenAsync();

        await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Store.Namespaces.UpdateAsync(new NamespaceInfo(Other, NoLabels), new FieldMask([path]), Token));
    }

    [Fact]
    public async Task Deleting_a_namespace_that_holds_something_says_what()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.In("other").Images.CreateAsync(Image("i", await PutAsync(store.In("other").Content, "x")), Token);
        await store.In("other").Snapshots("overlayfs").PrepareAsync("s", "", NoLabels, Token);

        GantryException error = await FailsAsync(
            ErrorKind.FailedPrecondition,
            () => store.Store.Namespaces.DeleteAsync(Other, Token));

        Assert.Equal(
            "namespace \"other\" must be empty, but it still has images, blobs, snapshots on \"overlayfs\" snapshotter: "
            + "failed precondition",
            error.Message);
    }

    [Fact]
    public async Task Deleting_a_namespace_takes_its_leases_and_ingests_along()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.In("other").Leases.CreateAsync("l", NoLabels, Token);
        await (await store.In("other").Content.OpenWriterAsync("r", 0, default, Token)).DisposeAsync();

        await store.Store.Namespaces.DeleteAsync(Other, Token);

        Assert.Empty(await store.Store.Namespaces.ListAsync([], Token));
        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task Deleting_a_namespace_that_does_not_exist_reports_NotFound()
    {
        await using TestStore store = await TestStore.OpenAsync();

        await FailsAsync(ErrorKind.NotFound, () => store.Store.Namespaces.DeleteAsync(Other, Token));
    }
}
