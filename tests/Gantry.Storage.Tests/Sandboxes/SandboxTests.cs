using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Sandboxes;

public sealed class SandboxTests
{
    private static readonly byte[] Odd = [0, 255, 10, 0, 13];

    private static readonly SandboxRecord Sample = new("s")
    {
        Sandboxer = "shim",
        RuntimeName = "io.containerd.runc.v2",
        RuntimeOptions = new TypedBytes("t1", Odd),
        Spec = new TypedBytes("t2", Odd),
        Extensions = new Dictionary<string, TypedBytes>
        {
            ["e"] = new("t3", Odd),
            ["f"] = new("t4", Odd),
        },
        Labels = new Dictionary<string, string> { ["a"] = "1", ["b.c/d"] = "2" },
    };

    [Fact]
    public async Task A_record_is_kept_byte_for_byte_through_a_restart()
    {
        await using TestStore store = await TestStore.OpenAsync();
        SandboxRecord made = await store.Default.Sandboxes.CreateAsync(Sample, Token);
        await store.ReopenAsync();

        SandboxRecord read = await store.Default.Sandboxes.GetAsync("s", Token);

        Assert.Equal(made.CreatedAt, read.CreatedAt);
        Assert.Equal(("shim", "io.containerd.runc.v2"), (read.Sandboxer, read.RuntimeName));
        Assert.Equal(Odd, read.RuntimeOptions!.Value.ToArray());
        Assert.Equal("t2", read.Spec!.TypeUrl);
        Assert.Equal(Odd, read.Spec.Value.ToArray());
        Assert.Equal(Odd, read.Extensions["e"].Value.ToArray());
        Assert.Equal(Sample.Labels, read.Labels);
    }

    [Theory]
    [InlineData("labels.b.c/d", "b.c/d=new,a=1", "t3,t4", "t2")]
    [InlineData("labels", "b.c/d=new", "t3,t4", "t2")]
    [InlineData("extensions.f", "a=1,b.c/d=2", "t3", "t2")]
    [InlineData("extensions", "a=1,b.c/d=2", "other", "t2")]
    [InlineData("spec", "a=1,b.c/d=2", "t3,t4", "new")]
    [InlineData("", "b.c/d=new", "other", "new")]
    public async Task A_mask_says_what_is_changed(string path, string labels, string extensions, string spec)
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Sandboxes.CreateAsync(Sample, Token);

        SandboxRecord given = Sample with
        {
            Labels = new Dictionary<string, string> { ["b.c/d"] = "new" },
            Extensions = new Dictionary<string, TypedBytes> { ["e"] = new("other", Odd) },
            Spec = new TypedBytes("new", Odd),
        };
        await store.Default.Sandboxes.UpdateAsync(given, path.Length == 0 ? FieldMask.Empty : new FieldMask([path]), Token);
        SandboxRecord read = await store.Default.Sandboxes.GetAsync("s", Token);

        Assert.Equal(labels.Split(',').Order(), read.Labels.Select(label => $"{label.Key}={label.Value}").Order());
        Assert.Equal(extensions, string.Join(',', read.Extensions.Values.Select(value => value.TypeUrl)));
        Assert.Equal(spec, read.Spec!.TypeUrl);
    }

    [Theory]
    [InlineData("id", ErrorKind.InvalidArgument, "cannot update \"id\" field on sandbox \"s\": invalid argument")]
    [InlineData("", ErrorKind.InvalidArgument, "sandbox.Runtime.Name field is immutable: invalid argument")]
    public async Task What_is_fixed_cannot_be_changed(string path, ErrorKind kind, string message)
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Sandboxes.CreateAsync(Sample, Token);

        GantryException error = await FailsAsync(kind, () => store.Default.Sandboxes.UpdateAsync(
            Sample with { RuntimeName = "other" }, path.Length == 0 ? FieldMask.Empty : new FieldMask([path]), Token));

        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task What_is_missing_taken_or_misnamed_is_said_in_containerds_words()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISandboxStore sandboxes = store.Default.Sandboxes;
        await sandboxes.CreateAsync(Sample, Token);

        string[] said =
        [
            (await FailsAsync(ErrorKind.NotFound, () => sandboxes.GetAsync("x", Token))).Message,
            (await FailsAsync(ErrorKind.NotFound, () => sandboxes.DeleteAsync("x", Token))).Message,
            (await FailsAsync(ErrorKind.AlreadyExists, () => sandboxes.CreateAsync(Sample, Token))).Message,
            (await FailsAsync(ErrorKind.InvalidArgument, () => sandboxes.CreateAsync(new("-"), Token))).Message[..47],
        ];

        Assert.Equal(
            [
                "bucket \"x\" not found: not found",
                "failed to delete sandbox \"x\": not found",
                "write error: sandbox bucket \"s\" already exists: already exists",
                "failed to validate sandbox: invalid sandbox ID:",
            ],
            said);
    }

    [Fact]
    public async Task Sandboxes_are_listed_by_filter_and_in_their_namespace_alone()
    {
        await using TestStore store = await TestStore.OpenAsync();
        foreach (string id in new[] { "c", "a", "b" })
        {
            await store.Default.Sandboxes.CreateAsync(
                Sample with { Id = id, Labels = new Dictionary<string, string> { ["of"] = id } }, Token);
        }

        IReadOnlyList<SandboxRecord> all = await store.Default.Sandboxes.ListAsync([], Token);
        IReadOnlyList<SandboxRecord> some = await store.Default.Sandboxes.ListAsync(["id==c", "labels.of==a"], Token);
        IReadOnlyList<SandboxRecord> others = await store.In("other").Sandboxes.ListAsync([], Token);

        Assert.Equal(["a", "b", "c"], all.Select(sandbox => sandbox.Id));
        Assert.Equal(["a", "c"], some.Select(sandbox => sandbox.Id));
        Assert.Empty(others);
    }

    [Fact]
    public async Task A_namespace_with_a_sandbox_is_not_empty()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Sandboxes.CreateAsync(Sample, Token);

        GantryException error = await FailsAsync(
            ErrorKind.FailedPrecondition, () => store.Store.Namespaces.DeleteAsync(Namespace.Default, Token));
        await store.Default.Sandboxes.DeleteAsync("s", Token);
        await store.Store.Namespaces.DeleteAsync(Namespace.Default, Token);

        Assert.Contains("it still has sandboxes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_labels_of_a_sandbox_refer_to_is_kept_as_long_as_it()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "kept");
        await store.Default.Sandboxes.CreateAsync(
            Sample with
            {
                Labels = new Dictionary<string, string> { ["containerd.io/gc.ref.content.x"] = digest.ToString() },
            },
            Token);

        await store.CollectAsync();
        long kept = (await store.Default.Content.InfoAsync(digest, Token)).Size;
        await store.Default.Sandboxes.DeleteAsync("s", Token);
        await store.CollectAsync();

        Assert.Equal(4, kept);
        await FailsAsync(ErrorKind.NotFound, () => store.Default.Content.InfoAsync(digest, Token));
    }
}
