using Gantry.Core.Images;
using Gantry.Core.Snapshots;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

public sealed class PresentImageTests
{
    private const string Repository = "app";

    [Fact]
    public async Task A_pull_of_what_is_here_asks_the_registry_for_nothing_but_the_digest()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        PullRequest request = Fill(fixture, registry);
        using RegistryClient client = new(new RegistryOptions());
        PullResult first = await fixture.PullerOf(client).PullAsync(request, null, Cancel);
        int asked = registry.Requests.Count;

        PullResult second = await fixture.PullerOf(client).PullAsync(request, null, Cancel);

        ScriptedRequest only = Assert.Single(registry.Requests.Skip(asked));
        Assert.Equal(("HEAD", $"/v2/{Repository}/manifests/v1"), (only.Method, only.Path));
        Assert.Equal(first.ChainId, second.ChainId);
        Assert.Equal(first.Manifests.Select(m => m.Digest), second.Manifests.Select(m => m.Digest));
        Assert.Equal(first.Image.UpdatedAt, second.Image.UpdatedAt);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_label_that_is_asked_for_is_set_on_an_image_that_is_here()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        PullRequest request = Fill(fixture, registry) with { Labels = new Dictionary<string, string> { ["one"] = "1" } };
        using RegistryClient client = new(new RegistryOptions());
        PullResult first = await fixture.PullerOf(client).PullAsync(request, null, Cancel);
        int asked = registry.Requests.Count;
        request = request with { Labels = new Dictionary<string, string> { ["two"] = "2" } };

        PullResult second = await fixture.PullerOf(client).PullAsync(request, null, Cancel);

        Assert.Single(registry.Requests.Skip(asked));
        Assert.Equal("1", second.Image.Labels["one"]);
        Assert.Equal("2", second.Image.Labels["two"]);
        Assert.True(second.Image.UpdatedAt > first.Image.UpdatedAt);
    }

    [Fact]
    public async Task An_image_whose_snapshot_is_gone_is_unpacked_again()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        PullRequest request = Fill(fixture, registry);
        using RegistryClient client = new(new RegistryOptions());
        PullResult first = await fixture.PullerOf(client).PullAsync(request, null, Cancel);
        await fixture.Scope.Snapshots("overlayfs").RemoveAsync(first.ChainId.ToString(), Cancel);

        PullResult second = await fixture.PullerOf(client).PullAsync(request, null, Cancel);

        SnapshotInfo info = await fixture.Scope.Snapshots("overlayfs").StatAsync(second.ChainId.ToString(), Cancel);
        Assert.Equal(SnapshotKind.Committed, info.Kind);
    }

    [Fact]
    public async Task An_image_that_was_pulled_without_unpacking_is_unpacked_when_that_is_asked_for()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        PullRequest request = Fill(fixture, registry);
        using RegistryClient client = new(new RegistryOptions());
        await fixture.PullerOf(client).PullAsync(request with { Unpacks = [] }, null, Cancel);

        PullResult second = await fixture.PullerOf(client).PullAsync(request, null, Cancel);
        await fixture.CollectAsync();

        Assert.Equal(["f"], (await fixture.ReadSnapshotAsync("overlayfs", second.ChainId)).Keys);
    }

    [Fact]
    public async Task An_image_that_came_under_another_repository_is_noted_to_be_in_this_one()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        PullRequest request = Fill(fixture, registry);
        using RegistryClient client = new(new RegistryOptions());
        PullResult first = await fixture.PullerOf(client).PullAsync(request, null, Cancel);
        registry.Add(fixture.Layout, "other", "v1", first.Image.Target);
        Reference other = Reference.Parse($"{registry.Host}/other:v1");

        await fixture.PullerOf(client).PullAsync(request with { Reference = other }, null, Cancel);

        ImageRecord record = await fixture.Scope.Images.GetAsync(other.ToString(), Cancel);
        Assert.Equal(first.Image.Target.Digest, record.Target.Digest);
        string source = $"containerd.io/distribution.source.{registry.Host}";
        Assert.Equal(
            $"{Repository},other",
            (await fixture.Scope.Content.InfoAsync(record.Target.Digest, Cancel)).Labels[source]);
    }

    private static PullRequest Fill(PullFixture fixture, FaultyRegistry registry)
    {
        Descriptor manifest = fixture.Layout.AddImage(
            "v1", Platform.Current, [ImageFactory.AddLayer(fixture.Layout, ("f", "x"u8.ToArray()))]);
        registry.Add(fixture.Layout, Repository, "v1", manifest);
        return new PullRequest(Reference.Parse($"{registry.Host}/{Repository}:v1")) { Unpacks = [new UnpackTarget("overlayfs")] };
    }
}
