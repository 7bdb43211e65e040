using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Images;

public sealed class ImageTests
{
    private static readonly Digest One = Digest.OfBytes("1"u8);
    private static readonly Digest Two = Digest.OfBytes("2"u8);

    [Fact]
    public async Task What_was_created_is_read_back_also_after_reopening()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ImageRecord made = await store.Default.Images.CreateAsync(Image("π/i:1", One, ("k", "\"v\"\n")), Token);

        await store.ReopenAsync();

        ImageRecord read = await store.Default.Images.GetAsync("π/i:1", Token);
        Assert.Equal(made.Target.Digest, read.Target.Digest);
        Assert.Equal(made.Target.MediaType, read.Target.MediaType);
        Assert.Equal(made.Target.Size, read.Target.Size);
        Assert.Equal(made.Labels, read.Labels);
        Assert.Equal(made.CreatedAt, read.CreatedAt);
        Assert.Equal(made.UpdatedAt, read.UpdatedAt);
    }

    [Fact]
    public async Task A_missing_image_reports_NotFound_in_containerds_words()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error =
            await FailsAsync(ErrorKind.NotFound, () => store.Default.Images.GetAsync("x", Token));

        Assert.Equal("image \"x\": not found", error.Message);
    }

    [Fact]
    public async Task Creating_an_image_twice_reports_AlreadyExists_and_changes_nothing()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One), Token);

        GantryException error = await FailsAsync(
            ErrorKind.AlreadyExists,
            () => store.Default.Images.CreateAsync(Image("i", Two), Token));

        Assert.Equal("image \"i\": already exists", error.Message);
        Assert.Equal(One, (await store.Default.Images.GetAsync("i", Token)).Target.Digest);
    }

    [Fact]
    public async Task The_same_name_is_free_in_another_namespace()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One), Token);

        await store.In("other").Images.CreateAsync(Image("i", Two), Token);

        Assert.Equal(One, (await store.Default.Images.GetAsync("i", Token)).Target.Digest);
    }

    [Fact]
    public async Task A_given_time_of_creation_is_kept()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ImageRecord image = Image("i", One) with { CreatedAt = DateTimeOffset.UnixEpoch };

        ImageRecord made = await store.Default.Images.CreateAsync(image, Token);

        Assert.Equal(DateTimeOffset.UnixEpoch, made.CreatedAt);
        Assert.Equal(DateTimeOffset.UnixEpoch, made.UpdatedAt);
    }

    [Fact]
    public async Task A_label_of_more_than_4096_bytes_is_an_InvalidArgument()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Images.CreateAsync(Image("i", One, ("key", new string('v', 4094))), Token));

        Assert.Equal(
            "image.Labels: label key and value length (4097 bytes) greater than maximum size (4096 bytes), key: key: "
            + "invalid argument",
            error.Message);
    }

    [Theory]
    [InlineData("", 7, "m", "image name must not be empty: invalid argument")]
    [InlineData("i", 0, "m", "Target.Size must be greater than zero: invalid argument")]
    [InlineData("i", 7, "", "Target.MediaType must be set: invalid argument")]
    [InlineData("a\0b", 7, "m", "image name must not contain a NUL character: invalid argument")]
    public async Task A_bad_image_is_an_InvalidArgument(string name, long size, string mediaType, string message)
    {
        await using TestStore store = await TestStore.OpenAsync();
        ImageRecord image = new(name, new Descriptor(mediaType, One, size), NoLabels);

        GantryException error = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Images.CreateAsync(image, Token));

        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task An_empty_mask_replaces_labels_and_target_and_keeps_the_time_of_creation()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ImageRecord made = await store.Default.Images.CreateAsync(Image("i", One, ("a", "1")), Token);
        store.Time.Advance(TimeSpan.FromHours(1));

        ImageRecord changed = await store.Default.Images.UpdateAsync(
            Image("i", Two, ("b", "2")) with { CreatedAt = DateTimeOffset.UnixEpoch },
            FieldMask.Empty,
            Token);

        Assert.Equal(Two, changed.Target.Digest);
        Assert.Equal(Label(("b", "2")), changed.Labels);
        Assert.Equal(made.CreatedAt, changed.CreatedAt);
        Assert.True(changed.UpdatedAt >= made.UpdatedAt.AddHours(1));
    }

    [Fact]
    public async Task A_mask_touches_only_what_it_names()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One, ("a", "1"), ("b.c", "2")), Token);

        ImageRecord changed = await store.Default.Images.UpdateAsync(
            Image("i", Two, ("b.c", "")),
            new FieldMask(["labels.b.c"]),
            Token);

        Assert.Equal(One, changed.Target.Digest);
        Assert.Equal(Label(("a", "1")), changed.Labels);
    }

    [Fact]
    public async Task Annotations_are_changed_by_their_own_path()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One), Token);
        ImageRecord given = Image("i", Two);
        given = given with { Target = given.Target with { Annotations = Label(("a.b", "1")) } };

        await store.Default.Images.UpdateAsync(given, new FieldMask(["annotations.a.b"]), Token);

        ImageRecord read = await store.Default.Images.GetAsync("i", Token);
        Assert.Equal(One, read.Target.Digest);
        Assert.Equal(Label(("a.b", "1")), read.Target.Annotations);
    }

    [Fact]
    public async Task A_path_that_there_is_not_is_an_InvalidArgument()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One), Token);

        GantryException error = await FailsAsync(
            ErrorKind.InvalidArgument,
            () => store.Default.Images.UpdateAsync(Image("i", One), new FieldMask(["name"]), Token));

        Assert.Equal("cannot update \"name\" field on image \"i\": invalid argument", error.Message);
    }

    [Fact]
    public async Task Delete_checks_the_target_that_it_is_given()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("i", One), Token);

        GantryException error = await FailsAsync(
            ErrorKind.NotFound,
            () => store.Default.Images.DeleteAsync("i", false, Image("i", Two).Target, Token));
        await store.Default.Images.DeleteAsync("i", false, Image("i", One).Target, Token);

        Assert.Equal($"image \"i\" has target {One}, not {Two}: not found", error.Message);
        await FailsAsync(ErrorKind.NotFound, () => store.Default.Images.DeleteAsync("i", false, null, Token));
    }

    [Fact]
    public async Task List_gives_those_that_match_any_filter_by_name()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Images.CreateAsync(Image("c", One, ("x", "1")), Token);
        await store.Default.Images.CreateAsync(Image("a", Two), Token);
        await store.Default.Images.CreateAsync(Image("b", One), Token);

        IReadOnlyList<ImageRecord> found =
            await store.Default.Images.ListAsync(["name==a", "labels.x==1"], Token);

        Assert.Equal(["a", "c"], found.Select(image => image.Name));
    }

    [Fact]
    public async Task A_filter_that_can_not_be_parsed_is_an_InvalidArgument()
    {
        await using TestStore store = await TestStore.OpenAsync();

        await FailsAsync(ErrorKind.InvalidArgument, () => store.Default.Images.ListAsync(["=="], Token));
    }
}
