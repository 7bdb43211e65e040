using System.Collections.Concurrent;
using System.Formats.Tar;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Unpack;

public sealed class UnpackerTests
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public async Task Layers_are_applied_before_those_below_them_are_here_and_committed_after()
    {
        await using PullFixture fixture = await CreateAsync();
        ResolvedImage image = await PullLayersAsync(fixture);
        TaskCompletionSource upperApplied = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int applied = 0;
        Unpacker unpacker = new(scope => new WatchedDiffer(fixture.DifferOf(scope), (_, _) =>
        {
            if (Interlocked.Increment(ref applied) == 2)
            {
                upperApplied.SetResult();
            }
        }));

        Digest top = await unpacker.UnpackAsync(
            fixture.Scope,
            image.Manifest,
            image.Config,
            "overlayfs",
            async index =>
            {
                if (index == 0)
                {
                    await upperApplied.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
                }

                return null;
            },
            null,
            Cancel);

        Assert.Equal(ChainId.Of(image.Config.DiffIds), top);
        Assert.Equal(
            ["etc/hosts=2", "etc/name=1", "usr/bin/tool=3"],
            (await fixture.ReadSnapshotAsync("overlayfs", top)).Select(file => $"{file.Key}={file.Value}"));
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_layer_that_links_to_a_file_below_is_applied_on_its_parent()
    {
        await using PullFixture fixture = await CreateAsync();
        ResolvedImage image = await PullLayersAsync(
            fixture,
            Tar(("etc/", null), ("etc/name", "1")),
            Tar(("hosts=etc/name", null)),
            Tar(("linked=hosts", null), ("top", "3")));
        ConcurrentQueue<(Digest Layer, bool Detached)> applies = new();
        Unpacker unpacker = new(scope => new WatchedDiffer(
            fixture.DifferOf(scope), (layer, mount) => applies.Enqueue((layer, IsDetached(mount)))));

        Digest top = await UnpackAsync(fixture, unpacker, image);

        Assert.Equal(
            ["etc/name=1", "hosts=1", "linked=1", "top=3"],
            (await fixture.ReadSnapshotAsync("overlayfs", top)).Select(file => $"{file.Key}={file.Value}"));
        Assert.Equal(3, applies.Count);
        Assert.DoesNotContain(applies, apply => apply.Detached);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Directories_that_a_layer_does_not_mention_keep_the_attributes_of_those_below()
    {
        await using PullFixture fixture = await CreateAsync();
        ResolvedImage image = await PullLayersAsync(fixture);
        ConcurrentQueue<bool> detached = new();
        Unpacker unpacker = new(scope => new WatchedDiffer(
            fixture.DifferOf(scope), (_, mount) => detached.Enqueue(IsDetached(mount))));

        Digest top = await UnpackAsync(fixture, unpacker, image);

        Assert.Equal([false, true, true], detached.Order());
        IReadOnlyList<Mount> mounts = await fixture.Scope.Snapshots("overlayfs").ViewAsync(
            "look", top.ToString(), new Dictionary<string, string>(), Cancel);
        string lower = mounts[0].Options.Single(o => o.StartsWith("lowerdir=", StringComparison.Ordinal));
        string second = lower["lowerdir=".Length..].Split(':')[1];
        Assert.Equal(Private, File.GetUnixFileMode(Path.Combine(second, "etc")));
        Assert.Equal(
            DateTimeOffset.FromUnixTimeSeconds(1_600_000_000).UtcDateTime,
            Directory.GetLastWriteTimeUtc(Path.Combine(second, "etc")));
    }

    [Fact]
    public async Task When_a_layer_below_fails_nothing_of_those_above_is_left()
    {
        await using PullFixture fixture = await CreateAsync();
        ResolvedImage image = await PullLayersAsync(fixture);
        Digest[] wrong = [image.Config.DiffIds[0], Digest.OfBytes([1]), image.Config.DiffIds[2]];

        GantryException error = await Assert.ThrowsAsync<GantryException>(() =>
            UnpackAsync(fixture, new Unpacker(fixture.DifferOf), image with { Config = image.Config with { DiffIds = wrong } }));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("wrong diff id calculated on extraction", error.Message, StringComparison.Ordinal);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Many_who_unpack_the_same_and_like_images_apply_each_layer_once()
    {
        await using PullFixture fixture = await CreateAsync();
        ResolvedImage image = await PullLayersAsync(fixture);
        ConcurrentQueue<Digest> applied = new();
        Unpacker unpacker = new(scope => new WatchedDiffer(fixture.DifferOf(scope), (layer, _) => applied.Enqueue(layer)));

        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => UnpackAsync(fixture, unpacker, image)));

        Assert.Equal(
            image.Manifest.Layers.Select(layer => layer.Digest.ToString()).Order(StringComparer.Ordinal),
            applied.Select(digest => digest.ToString()).Order(StringComparer.Ordinal));
    }

    private static bool IsDetached(Mount mount) =>
        mount.Options.Any(option => option.StartsWith(DetachedNote.MountOption, StringComparison.Ordinal));

    private static Task<Digest> UnpackAsync(PullFixture fixture, Unpacker unpacker, ResolvedImage image) =>
        unpacker.UnpackAsync(fixture.Scope, image.Manifest, image.Config, "overlayfs", null, null, Cancel);

    private static Task<ResolvedImage> PullLayersAsync(PullFixture fixture) => PullLayersAsync(
        fixture,
        Tar(("etc/", null), ("etc/name", "1"), ("usr/", null), ("usr/bin/", null)),
        Tar(("etc/hosts", "2")),
        Tar(("usr/bin/tool", "3")));

    /// <summary>Pulls an image of these layers without unpacking it.</summary>
    private static async Task<ResolvedImage> PullLayersAsync(PullFixture fixture, params byte[][] layers)
    {
        fixture.Layout.AddImage(
            "v1",
            Platform.Current,
            [.. layers.Select(tar =>
                (fixture.Layout.Add(MediaTypes.OciLayerGzip, ImageFactory.Gzip(tar)), Digest.OfBytes(tar)))]);
        PullRequest request = await fixture.PushAsync("v1", snapshotter: null);
        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);
        return await new ImageReader(fixture.Scope).ReadAsync(result.Image, PlatformMatcher.Default, Cancel);
    }

    /// <summary>Directories end with a slash, <c>NAME=TARGET</c> is a hard link, all else is a file.</summary>
    private static byte[] Tar(params (string Name, string? Data)[] entries)
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string name, string? data) in entries)
            {
                string[] link = name.Split('=');
                TarEntryType type = data is not null ? TarEntryType.RegularFile
                    : link.Length > 1 ? TarEntryType.HardLink : TarEntryType.Directory;
                PaxTarEntry entry = new(type, link[0])
                {
                    Mode = Private,
                    ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000),
                };
                using MemoryStream content = new(System.Text.Encoding.UTF8.GetBytes(data ?? ""));
                if (type == TarEntryType.RegularFile)
                {
                    entry.DataStream = content;
                }
                else if (type == TarEntryType.HardLink)
                {
                    entry.LinkName = link[1];
                }

                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Tells of each layer that was applied, and where to.</summary>
    private sealed class WatchedDiffer(IDiffer differ, Action<Digest, Mount> applied) : IDiffer
    {
        public async Task<Descriptor> ApplyAsync(
            Descriptor layer, IReadOnlyList<Mount> mounts, UnpackOptions options, CancellationToken cancellationToken)
        {
            Descriptor result = await differ.ApplyAsync(layer, mounts, options, cancellationToken);
            applied(layer.Digest, Assert.Single(mounts));
            return result;
        }

        public Task<Descriptor> CompareAsync(
            IReadOnlyList<Mount> lower,
            IReadOnlyList<Mount> upper,
            DiffOptions options,
            CancellationToken cancellationToken) => differ.CompareAsync(lower, upper, options, cancellationToken);
    }
}
