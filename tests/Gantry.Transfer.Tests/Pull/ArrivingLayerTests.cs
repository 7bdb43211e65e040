using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

/// <summary>
/// Layers that are applied while they come. The registry sends the second half of the layer only when it is being applied.
/// </summary>
public sealed class ArrivingLayerTests
{
    private const string Repository = "app";
    private const int FileBytes = 3_000_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static readonly RegistryOptions InTwoPieces = new()
    {
        MaxAttempts = 2,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        PiecewiseFromBytes = 1,
        PiecesAhead = 1,
    };

    [Theory]
    [InlineData("overlayfs")]
    [InlineData("native")]
    public async Task A_layer_is_applied_while_it_comes(string snapshotter)
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (PullRequest request, byte[] file, Digest layer) = Fill(fixture, registry, snapshotter);
        using EarlyDiffer differ = new(fixture.DifferOf(fixture.Scope));
        registry.Spoil = (asked, answer) => WhenApplied(asked, answer, layer, differ);
        using RegistryClient client = new(InTwoPieces);

        PullResult result = await fixture.PullerOf(client, _ => differ).PullAsync(request, null, Cancel);

        Assert.True(differ.Began.IsSet);
        SortedDictionary<string, string> files = await fixture.ReadSnapshotAsync(snapshotter, result.ChainId);
        Assert.Equal(System.Text.Encoding.UTF8.GetString(file), files["file"]);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Theory]
    [InlineData("overlayfs")]
    [InlineData("native")]
    public async Task A_layer_of_the_wrong_digest_that_was_applied_while_it_came_leaves_no_snapshot(string snapshotter)
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (PullRequest request, _, Digest layer) = Fill(fixture, registry, snapshotter);
        using EarlyDiffer differ = new(fixture.DifferOf(fixture.Scope));
        registry.Spoil = (asked, answer) => WithOtherBytes(WhenApplied(asked, answer, layer, differ), asked, layer);
        using RegistryClient client = new(InTwoPieces);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.PullerOf(client, _ => differ).PullAsync(request, null, Cancel));
        List<string> left = await SnapshotsAsync(fixture, snapshotter);
        registry.Spoil = (_, answer) => answer;
        PullResult again = await fixture.PullerOf(client).PullAsync(request, null, Cancel);

        Assert.True(differ.Began.IsSet);
        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(layer.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Empty(left);
        Assert.Equal([again.ChainId.ToString()], await SnapshotsAsync(fixture, snapshotter));
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_while_a_layer_is_applied_leaves_no_snapshot_and_goes_on_where_it_was()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (PullRequest request, _, Digest layer) = Fill(fixture, registry, "overlayfs");
        using EarlyDiffer differ = new(fixture.DifferOf(fixture.Scope));
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        registry.Spoil = (asked, answer) =>
        {
            ScriptedAnswer sent = WhenApplied(asked, answer, layer, differ);
            if (IsSecondHalf(asked, layer))
            {
                cancel.Cancel();
            }

            return sent;
        };
        using RegistryClient client = new(InTwoPieces);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => fixture.PullerOf(client, _ => differ).PullAsync(request, null, cancel.Token));
        List<string> left = await SnapshotsAsync(fixture, "overlayfs");
        registry.Spoil = (_, answer) => answer;
        PullResult again = await fixture.PullerOf(client).PullAsync(request, null, Cancel);

        Assert.True(differ.Began.IsSet);
        Assert.Empty(left);
        Assert.Equal([again.ChainId.ToString()], await SnapshotsAsync(fixture, "overlayfs"));
        await fixture.AssertNothingHalfMadeAsync();
    }

    private static bool IsSecondHalf(ScriptedRequest asked, Digest layer) =>
        asked.Path.EndsWith($"/blobs/{layer}", StringComparison.Ordinal)
        && asked.Headers.TryGetValue("Range", out string? range)
        && !range.StartsWith("bytes=0-", StringComparison.Ordinal);

    private static ScriptedAnswer WhenApplied(
        ScriptedRequest asked, ScriptedAnswer answer, Digest layer, EarlyDiffer differ)
    {
        if (IsSecondHalf(asked, layer))
        {
            differ.Began.Wait(Limit, Cancel);
        }

        return answer;
    }

    // The tar is as well formed as before: nothing but its digest says that it is not the right one.
    private static ScriptedAnswer WithOtherBytes(ScriptedAnswer answer, ScriptedRequest asked, Digest layer)
    {
        if (!IsSecondHalf(asked, layer))
        {
            return answer;
        }

        byte[] other = [.. answer.Body];
        other[1000] ^= 1;
        return answer with { Body = other };
    }

    private static (PullRequest Request, byte[] File, Digest Layer) Fill(
        PullFixture fixture, FaultyRegistry registry, string snapshotter)
    {
        byte[] file = new byte[FileBytes];
        for (int i = 0; i < file.Length; i++)
        {
            file[i] = (byte)('a' + (i % 23));
        }

        byte[] tar = ImageFactory.MakeTar(("file", file));
        Descriptor layer = fixture.Layout.Add(MediaTypes.OciLayer, tar);
        Descriptor manifest = fixture.Layout.AddImage("v1", Platform.Current, [(layer, layer.Digest)]);
        registry.Add(fixture.Layout, Repository, "v1", manifest);
        PullRequest request = new(Reference.Parse($"{registry.Host}/{Repository}:v1")) { Unpacks = snapshotter is null ? [] : [new UnpackTarget(snapshotter)] };
        return (request, file, layer.Digest);
    }

    private static async Task<List<string>> SnapshotsAsync(PullFixture fixture, string snapshotter)
    {
        List<string> names = [];
        await foreach (SnapshotInfo info in fixture.Scope.Snapshots(snapshotter).ListAsync([], Cancel))
        {
            names.Add(info.Name);
        }

        return names;
    }
}
