using System.Text;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

/// <summary>Two registries of one puller, of which one stalls.</summary>
public sealed class StalledRegistryTests
{
    private const string Repository = "app";
    private const int Layers = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_registry_that_stalls_holds_up_no_pull_from_another()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry stalling = new();
        await using FaultyRegistry sound = new();
        PullRequest stuck = Fill(fixture, stalling, "stuck", Layers) with { MaxConcurrentDownloads = Layers };
        PullRequest other = Fill(fixture, sound, "sound", 2);
        stalling.Spoil = (asked, answer) => asked.Path.Contains("/blobs/", StringComparison.Ordinal) && answer.Body.Length > 100_000
            ? answer with { DripBytes = answer.Body.Length / 2, DripDelay = TimeSpan.FromHours(1) }
            : answer;
        using EarlyDiffer differ = new(fixture.DifferOf(fixture.Scope));
        using RegistryClient client = new(new RegistryOptions { IdleTimeout = TimeSpan.FromHours(1) });
        ImagePuller puller = fixture.PullerOf(client, _ => differ);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        Task stalled = puller.PullAsync(stuck, null, cancel.Token);
        int places = Math.Clamp(Environment.ProcessorCount, 2, Layers);
        await Poll.UntilAsync(() => differ.Count >= places, "the layers that stall have all places");
        PullResult result = await puller.PullAsync(other, null, Cancel).WaitAsync(Limit, Cancel);
        bool waits = !stalled.IsCompleted;
        await cancel.CancelAsync();

        Assert.True(waits);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stalled.WaitAsync(Limit, Cancel));
        Assert.Equal(["f0", "f1"], (await fixture.ReadSnapshotAsync("overlayfs", result.ChainId)).Keys);
    }

    private static PullRequest Fill(PullFixture fixture, FaultyRegistry registry, string name, int layers)
    {
        Descriptor manifest = fixture.Layout.AddImage(
            name,
            Platform.Current,
            [.. Enumerable.Range(0, layers).Select(i =>
            {
                byte[] tar = ImageFactory.MakeTar(($"f{i}", Encoding.UTF8.GetBytes(name + new string((char)('a' + i), 200_000))));
                Descriptor layer = fixture.Layout.Add(MediaTypes.OciLayer, tar);
                return (layer, layer.Digest);
            })]);
        registry.Add(fixture.Layout, Repository, "v1", manifest);
        return new PullRequest(Reference.Parse($"{registry.Host}/{Repository}:v1"))
        {
            Unpacks = [new UnpackTarget("overlayfs")],
        };
    }
}
