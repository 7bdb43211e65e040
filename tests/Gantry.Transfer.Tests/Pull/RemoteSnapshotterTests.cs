using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

public sealed class RemoteSnapshotterTests
{
    [Fact]
    public async Task Layers_that_the_snapshotter_has_are_not_downloaded()
    {
        await using PullFixture fixture = await CreateAsync();
        (IReadOnlyList<Descriptor> layers, IReadOnlyList<Digest> chains) = AddThreeLayers(fixture);
        PullRequest request = await fixture.PushAsync("v1", "remote");
        fixture.Remote.Targets.UnionWith(chains.Take(2).Select(chain => chain.ToString()));

        PullResult result = await fixture.Puller.PullAsync(request with { Unpacks = [new UnpackTarget("remote") { IsRemote = true }] }, null, Cancel);

        HashSet<Digest> fetched = [.. (await fixture.ListContentAsync()).Select(info => info.Digest)];
        Assert.DoesNotContain(layers[0].Digest, fetched);
        Assert.DoesNotContain(layers[1].Digest, fetched);
        Assert.Contains(layers[2].Digest, fetched);
        Assert.Equal(chains[2], result.ChainId);
        SnapshotInfo top = await fixture.Scope.Snapshots("remote").StatAsync(chains[2].ToString(), Cancel);
        Assert.Equal((SnapshotKind.Committed, chains[1].ToString()), (top.Kind, top.Parent));
        Assert.Equal(["three"], (await fixture.ReadSnapshotAsync("remote", chains[2])).Keys);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_snapshotter_that_has_none_gets_them_all()
    {
        await using PullFixture fixture = await CreateAsync();
        (IReadOnlyList<Descriptor> layers, IReadOnlyList<Digest> chains) = AddThreeLayers(fixture);
        PullRequest request = await fixture.PushAsync("v1", "remote");

        PullResult result = await fixture.Puller.PullAsync(request with { Unpacks = [new UnpackTarget("remote") { IsRemote = true }] }, null, Cancel);

        Assert.Equal(["one", "three", "two"], (await fixture.ReadSnapshotAsync("remote", result.ChainId)).Keys);
        IReadOnlyDictionary<string, string> told = fixture.Remote.Told[chains[1].ToString()];
        Assert.Equal(request.Reference.ToString(), told["containerd.io/snapshot/cri.image-ref"]);
        Assert.Equal(layers[1].Digest.ToString(), told["containerd.io/snapshot/cri.layer-digest"]);
        Assert.Equal(
            string.Join(',', layers.Skip(1).Select(layer => layer.Digest)),
            told["containerd.io/snapshot/cri.image-layers"]);
    }

    private static (IReadOnlyList<Descriptor> Layers, IReadOnlyList<Digest> Chains) AddThreeLayers(PullFixture fixture)
    {
        List<(Descriptor Layer, Digest DiffId)> layers =
            [.. ((string[])["one", "two", "three"]).Select(name => ImageFactory.AddLayer(fixture.Layout, (name, [1])))];
        fixture.Layout.AddImage("v1", Platform.Current, layers);
        return ([.. layers.Select(layer => layer.Layer)], ChainId.All([.. layers.Select(layer => layer.DiffId)]));
    }
}
