using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Push;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Push;

public sealed class ImagePusherTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("v2s2")]
    public async Task A_pushed_image_is_read_back_digest_for_digest_by_skopeo_and_podman(string? format)
    {
        await using PullFixture fixture = await CreateAsync();
        AddImage(fixture.Layout, "v1", new Platform("linux", Platform.Current.Architecture, ""), "one");
        PullResult pulled = await fixture.Puller.PullAsync(
            await fixture.PushAsync("v1", null, format), null, Cancel);
        await using RegistryServer other = await RegistryServer.StartAsync(cancellationToken: Cancel);
        PushRequest push = new(pulled.Image.Name, Reference.Parse($"{other.Host}/mine/app:v2"));

        PushResult first = await fixture.Pusher.PushAsync(push, null, Cancel);
        PushResult second = await fixture.Pusher.PushAsync(push, null, Cancel);

        Assert.Equal((2, 0, 0), (first.Uploaded, first.Mounted, first.Existed));
        Assert.Equal((0, 0, 2), (second.Uploaded, second.Mounted, second.Existed));
        string raw = await Shell.RunAsync(
            "skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{push.Target}");
        Assert.Equal(pulled.Image.Target.Digest, Digest.OfBytes(System.Text.Encoding.UTF8.GetBytes(raw)));
        await Shell.PodmanAsync(fixture.Directory, "pull", "--quiet", "--tls-verify=false", push.Target.ToString());
        string digest = await Shell.PodmanAsync(
            fixture.Directory, "image", "inspect", "--format", "{{.Digest}}", push.Target.ToString());
        Assert.Equal(pulled.Image.Target.Digest.ToString(), digest.Trim());
    }

    [Fact]
    public async Task Another_repository_of_the_registry_takes_blobs_over()
    {
        await using PullFixture fixture = await CreateAsync();
        AddImage(fixture.Layout, "v1", new Platform("linux", Platform.Current.Architecture, ""), "one");
        PullResult pulled = await fixture.Puller.PullAsync(await fixture.PushAsync("v1", null), null, Cancel);

        PushResult result = await fixture.Pusher.PushAsync(
            new PushRequest(pulled.Image.Name, Reference.Parse($"{fixture.Registry.Host}/copy/app:v1")), null, Cancel);

        Assert.Equal((0, 2, 0), (result.Uploaded, result.Mounted, result.Existed));
    }

    [Fact]
    public async Task An_index_is_pushed_whole_or_one_platform_of_it_and_what_is_missing_is_named()
    {
        await using PullFixture fixture = await CreateAsync();
        Platform arm = new("linux", "arm64", "v8");
        Descriptor amd = AddImage(fixture.Layout, null, new Platform("linux", "amd64", ""), "amd");
        fixture.Layout.AddIndex("all", amd, AddImage(fixture.Layout, null, arm, "arm"));
        PullRequest pull = await fixture.PushAsync("all", null) with { Platform = PlatformMatcher.Only(arm) };
        await using RegistryServer other = await RegistryServer.StartAsync(cancellationToken: Cancel);
        Reference target = Reference.Parse($"{other.Host}/app:v1");

        PullResult half = await fixture.Puller.PullAsync(pull, null, Cancel);
        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Pusher.PushAsync(new PushRequest(half.Image.Name, target), null, Cancel));
        PushResult one = await fixture.Pusher.PushAsync(
            new PushRequest(half.Image.Name, target) { Platform = PlatformMatcher.Only(arm) }, null, Cancel);
        await fixture.Puller.PullAsync(
            pull with { Platform = PlatformMatcher.All, AllPlatforms = true }, null, Cancel);
        PushResult whole = await fixture.Pusher.PushAsync(new PushRequest(half.Image.Name, target), null, Cancel);

        Assert.Contains("linux/amd64", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("arm64", error.Message, StringComparison.Ordinal);
        Assert.Equal(half.Manifests[0].Digest, one.Target.Digest);
        Assert.Equal(half.Image.Target.Digest, whole.Target.Digest);
        string raw = await Shell.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{target}");
        Assert.Equal(half.Image.Target.Digest, Digest.OfBytes(System.Text.Encoding.UTF8.GetBytes(raw)));
    }

    [Fact]
    public async Task Manifests_come_last()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        AddImage(fixture.Layout, "v1", new Platform("linux", Platform.Current.Architecture, ""), "one");
        PullResult pulled = await fixture.Puller.PullAsync(await fixture.PushAsync("v1", null), null, Cancel);
        registry.Spoil = (request, answer) => request.Method == "PUT"
            && request.Path.Contains("/blobs/", StringComparison.Ordinal) ? new ScriptedAnswer(403) : answer;

        await Assert.ThrowsAsync<GantryException>(() => fixture.Pusher.PushAsync(
            new PushRequest(pulled.Image.Name, Reference.Parse($"{registry.Host}/app:v1")), null, Cancel));

        Assert.Null(registry.Find("app", "v1"));
        Assert.DoesNotContain(registry.Requests, r => r.Path.Contains("/manifests/", StringComparison.Ordinal));
    }

    internal static Descriptor AddImage(OciLayout layout, string? tag, Platform platform, string text) =>
        layout.AddImage(
            tag,
            platform,
            [ImageFactory.AddLayer(layout, ("dir/", []), ("dir/file", System.Text.Encoding.UTF8.GetBytes(new string('x', 4000) + text)))]);
}
