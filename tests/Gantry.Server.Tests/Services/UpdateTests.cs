using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Images;
using Gantry.Api.Services.Namespaces;
using Gantry.Api.Types;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Server.Tests.Services;

public sealed class UpdateTests : IAsyncLifetime
{
    private static readonly Grpc.Core.Metadata Headers = DaemonHarness.In("a");

    private DaemonHarness _daemon = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _daemon = await DaemonHarness.StartAsync(Token);

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task One_label_of_a_container_changes_by_mask()
    {
        Containers.ContainersClient client = await CreateContainerAsync();

        UpdateContainerResponse updated = await client.UpdateAsync(
            new UpdateContainerRequest
            {
                Container = new Container { Id = "c", Labels = { ["x.y/z"] = "new", ["other"] = "ignored" } },
                UpdateMask = new FieldMask { Paths = { "labels.x.y/z" } },
            },
            Headers,
            cancellationToken: Token);

        Assert.Equal("new", updated.Container.Labels["x.y/z"]);
        Assert.Equal("1", updated.Container.Labels["keep"]);
        Assert.False(updated.Container.Labels.ContainsKey("other"));
    }

    [Fact]
    public async Task Another_path_of_a_container_is_an_invalid_argument()
    {
        Containers.ContainersClient client = await CreateContainerAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await client.UpdateAsync(
            new UpdateContainerRequest
            {
                Container = new Container { Id = "c" },
                UpdateMask = new FieldMask { Paths = { "runtime" } },
            },
            Headers,
            cancellationToken: Token));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Labels_of_a_namespace_are_replaced_without_a_mask()
    {
        Namespaces.NamespacesClient client = new(_daemon.Calls);
        await client.CreateAsync(
            new CreateNamespaceRequest { Namespace = new Namespace { Name = "n", Labels = { ["a"] = "1" } } },
            cancellationToken: Token);

        UpdateNamespaceResponse updated = await client.UpdateAsync(
            new UpdateNamespaceRequest { Namespace = new Namespace { Name = "n", Labels = { ["b"] = "2" } } },
            cancellationToken: Token);

        Assert.Equal(["b"], updated.Namespace.Labels.Keys);
    }

    [Fact]
    public async Task An_image_needs_a_name_and_a_target()
    {
        Images.ImagesClient client = new(_daemon.Calls);

        RpcException noName = await Assert.ThrowsAsync<RpcException>(async () => await client.CreateAsync(
            new CreateImageRequest { Image = new Image { Target = Target() } },
            Headers,
            cancellationToken: Token));
        RpcException noTarget = await Assert.ThrowsAsync<RpcException>(async () => await client.CreateAsync(
            new CreateImageRequest { Image = new Image { Name = "i" } },
            Headers,
            cancellationToken: Token));

        Assert.Equal(StatusCode.InvalidArgument, noName.StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, noTarget.StatusCode);
    }

    [Fact]
    public async Task A_label_that_is_too_long_is_an_invalid_argument()
    {
        Images.ImagesClient client = new(_daemon.Calls);
        Image image = new() { Name = "i", Target = Target(), Labels = { ["k"] = new string('x', 4096) } };

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await client.CreateAsync(
            new CreateImageRequest { Image = image },
            Headers,
            cancellationToken: Token));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("greater than maximum size (4096 bytes)", error.Status.Detail, StringComparison.Ordinal);
    }

    private static ContentDescriptor Target() => new()
    {
        MediaType = "application/vnd.oci.image.manifest.v1+json",
        Digest = "sha256:" + new string('0', 64),
        Size = 5,
    };

    private async Task<Containers.ContainersClient> CreateContainerAsync()
    {
        Containers.ContainersClient client = new(_daemon.Calls);
        Container container = new()
        {
            Id = "c",
            Spec = new Any { TypeUrl = "x", Value = ByteString.CopyFromUtf8("{}") },
            Runtime = new Container.Types.Runtime { Name = "r" },
            Labels = { ["x.y/z"] = "old", ["keep"] = "1" },
        };
        await client.CreateAsync(
            new CreateContainerRequest { Container = container },
            Headers,
            cancellationToken: Token);
        return client;
    }
}
