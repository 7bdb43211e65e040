using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Containers;

public sealed class ContainerTests
{
    private static readonly byte[] Odd = [0, 255, 10, 0, 13];

    [Fact]
    public async Task Spec_options_and_extensions_are_kept_byte_for_byte()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ContainerRecord container = Container("c") with
        {
            Spec = new TypedBytes("t1", Odd),
            RuntimeOptions = new TypedBytes("t2", Odd),
            Extensions = new Dictionary<string, TypedBytes>
            {
                ["e"] = new("t3", Odd),
                ["empty"] = new("", Array.Empty<byte>()),
            },
            Sandbox = "s",
            Image = "i",
        };
        await store.Default.Containers.CreateAsync(container, Token);
        await store.ReopenAsync();

        ContainerRecord read = await store.Default.Containers.GetAsync("c", Token);

        Assert.Equal("t1", read.Spec!.TypeUrl);
        Assert.Equal(Odd, read.Spec.Value.ToArray());
        Assert.Equal("t2", read.RuntimeOptions!.TypeUrl);
        Assert.Equal(Odd, read.RuntimeOptions.Value.ToArray());
        Assert.Equal(Odd, read.Extensions["e"].Value.ToArray());
        Assert.Equal("t3", read.Extensions["e"].TypeUrl);
        Assert.Equal(0, read.Extensions["empty"].Value.Length);
        Assert.Equal(("s", "i"), (read.Sandbox, read.Image));
    }

    [Fact]
    public async Task A_missing_container_reports_NotFound_in_containerds_words()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error =
            await FailsAsync(ErrorKind.NotFound, () => store.Default.Containers.GetAsync("c", Token));

        Assert.Equal("container \"c\" in namespace \"default\": not found", error.Message);
    }

    [Fact]
    public async Task Creating_a_container_twice_reports_AlreadyExists()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Containers.CreateAsync(Container("c"), Token);

        GantryException error = await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Default.Containers.CreateAsync(Container("c"), Token));

        Assert.Equal("container \"c\": already exists", error.Message);
    }

    public static TheoryData<ContainerRecord, string> Bad => new()
    {
        { Container("a/b"), "container.ID: identifier \"a/b\" must match" },
        { Container("c") with { Spec = null }, "container.Spec must be set: invalid argument" },
        { Container("c") with { RuntimeName = "" }, "container.Runtime.Name must be set: invalid argument" },
        { Container("c", key: "k"), "container.Snapshotter must be set if container.SnapshotKey is set" },
        { Container("c") with { Labels = Label(("k", new string('v', 5000))) }, "containers.Labels: label key" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_container_is_an_InvalidArgument(ContainerRecord container, string message)
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Containers.CreateAsync(container, Token));

        Assert.StartsWith($"create container failed validation: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_mask_keeps_what_can_not_change()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Containers.CreateAsync(Container("c", "overlayfs", "k"), Token);

        GantryException snapshotter = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Containers.UpdateAsync(Container("c", "native", "k"), FieldMask.Empty, Token));
        GantryException runtime = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Containers.UpdateAsync(
                Container("c", "overlayfs", "k") with { RuntimeName = "x" },
                FieldMask.Empty,
                Token));

        Assert.Equal("container.Snapshotter field is immutable: invalid argument", snapshotter.Message);
        Assert.Equal("container.Runtime.Name field is immutable: invalid argument", runtime.Message);
    }

    [Fact]
    public async Task A_mask_changes_one_label_and_one_extension()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Containers.CreateAsync(
            Container("c") with
            {
                Labels = Label(("a", "1")),
                Extensions = new Dictionary<string, TypedBytes> { ["x"] = new("t", Odd) },
            },
            Token);

        await store.Default.Containers.UpdateAsync(
            Container("c") with
            {
                Image = "not this",
                Labels = Label(("b.c", "2")),
                Extensions = new Dictionary<string, TypedBytes> { ["y.z"] = new("u", Odd) },
            },
            new FieldMask(["labels.b.c", "extensions.y.z"]),
            Token);

        ContainerRecord read = await store.Default.Containers.GetAsync("c", Token);
        Assert.Equal(Label(("a", "1"), ("b.c", "2")), read.Labels);
        Assert.Equal(["x", "y.z"], read.Extensions.Keys.Order());
        Assert.Equal("", read.Image);
    }

    [Fact]
    public async Task Delete_of_a_missing_container_reports_NotFound()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error =
            await FailsAsync(ErrorKind.NotFound, () => store.Default.Containers.DeleteAsync("c", Token));

        Assert.Equal("container c: not found", error.Message);
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_their_own_result()
    {
        await using TestStore store = await TestStore.OpenAsync();

        Task<bool>[] attempts = [.. Enumerable.Range(0, 400).Select(i => TryCreateAsync(store, $"c{i % 200}"))];
        bool[] made = await Task.WhenAll(attempts);

        Assert.Equal(200, made.Count(ok => ok));
        Assert.Equal(200, (await store.Default.Containers.ListAsync([], Token)).Count);
    }

    private static async Task<bool> TryCreateAsync(TestStore store, string id)
    {
        await Task.Yield();
        try
        {
            await store.Default.Containers.CreateAsync(Container(id), Token);
            return true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            return false;
        }
    }
}
