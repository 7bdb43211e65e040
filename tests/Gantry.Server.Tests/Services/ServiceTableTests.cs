using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Xunit;

namespace Gantry.Server.Tests.Services;

public sealed class ServiceTableTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(static it => it, static it => it);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Services() => new(
        Described().Select(service => service.FullName));

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_method_of_a_service_that_clients_know_is_served(string service)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        ServiceDescriptor described = Described().Single(it => it.FullName == service);

        foreach (MethodDescriptor method in described.Methods.Where(it => !it.IsClientStreaming && !it.IsServerStreaming))
        {
            Status status = await StatusAsync(daemon, service, method.Name);

            Assert.False(
                status.StatusCode is StatusCode.Unimplemented && status.Detail.StartsWith("unknown ", StringComparison.Ordinal),
                status.Detail);
        }
    }

    [Theory]
    [InlineData("containerd.services.none.v1.None", "Version", "unknown service containerd.services.none.v1.None")]
    [InlineData(
        "containerd.services.version.v1.Version",
        "None",
        "unknown method None for service containerd.services.version.v1.Version")]
    public async Task What_is_not_served_is_unimplemented_as_gRPC_for_Go_words_it(string service, string method, string words)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);

        Status status = await StatusAsync(daemon, service, method);

        Assert.Equal((StatusCode.Unimplemented, words), (status.StatusCode, status.Detail));
    }

    [Fact]
    public async Task A_service_answers_many_first_calls_at_once()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        string[] services = [.. Described().Select(it => it.FullName)];

        Status[] all = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(i => Task.Run(() => StatusAsync(daemon, services[i % services.Length], "None"), Token)));

        Assert.All(all, status => Assert.StartsWith("unknown method None", status.Detail, StringComparison.Ordinal));
    }

    private static ServiceDescriptor[] Described() =>
    [
        Health.Descriptor,
        Api.Services.Version.Version.Descriptor,
        Api.Services.Introspection.Introspection.Descriptor,
        Api.Services.Namespaces.Namespaces.Descriptor,
        Api.Services.Content.Content.Descriptor,
        Api.Services.Images.Images.Descriptor,
        Api.Services.Leases.Leases.Descriptor,
        Api.Services.Snapshots.Snapshots.Descriptor,
        Api.Services.Mounts.Mounts.Descriptor,
        Api.Services.Diff.Diff.Descriptor,
        Api.Services.Containers.Containers.Descriptor,
        Api.Services.Sandbox.Store.Descriptor,
        Api.Services.Sandbox.Controller.Descriptor,
        Api.Services.Tasks.Tasks.Descriptor,
        Api.Services.Events.Events.Descriptor,
        Api.Services.Streaming.Streaming.Descriptor,
        Api.Services.Transfer.Transfer.Descriptor,
        Api.Collection.Gc.Descriptor,
        Api.Maintenance.Maintenance.Descriptor,
    ];

    /// <summary>What an empty request comes to.</summary>
    private static async Task<Status> StatusAsync(DaemonHarness daemon, string service, string name)
    {
        Method<byte[], byte[]> method = new(MethodType.Unary, service, name, Bytes, Bytes);
        using AsyncUnaryCall<byte[]> call = daemon.Calls.AsyncUnaryCall(
            method, host: null, new CallOptions(DaemonHarness.In("one"), cancellationToken: Token), []);
        try
        {
            await call.ResponseAsync;
            return Status.DefaultSuccess;
        }
        catch (RpcException error)
        {
            return error.Status;
        }
    }
}
