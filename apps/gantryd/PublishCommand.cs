using System.Net.Sockets;
using Gantry.Api.Mapping;
using Gantry.Api.Services.EventsTtrpc;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Ttrpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Daemon;

/// <summary>Publishes the event (an Any) on standard input: the way of shims that know no other.</summary>
internal static class PublishCommand
{
    private const int MaxEventSize = 4 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Publishes the event.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="configured">Tells the daemon's socket for shims by its configuration, which is read only when it is needed.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        CommandLine line, Func<string> configured, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(line.Topic))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "topic required to publish event");
        }

        if (string.IsNullOrEmpty(line.Namespace))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "namespace required to publish event");
        }

        Any payload = await ReadAsync(cancellationToken);
        Envelope envelope = new()
        {
            Timestamp = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
            Namespace = line.Namespace,
            Topic = line.Topic,
            Event = payload,
        };
        string socket = Environment.GetEnvironmentVariable("TTRPC_ADDRESS") is { Length: > 0 } known
            ? known
            : line.Address is { } address ? address + ".ttrpc" : configured();
        await using TtrpcClient client = await ConnectAsync(socket, cancellationToken);
        try
        {
            await new Events.EventsClient(client.CallInvoker).ForwardAsync(
                new ForwardRequest { Envelope = envelope },
                deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience,
                cancellationToken: cancellationToken);
            return 0;
        }
        catch (RpcException exception)
        {
            throw ErrorMapping.FromRpcException(exception);
        }
    }

    private static async Task<TtrpcClient> ConnectAsync(string socket, CancellationToken cancellationToken)
    {
        try
        {
            return await TtrpcClient.ConnectAsync(socket, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new GantryException(ErrorKind.Unavailable, $"connect {socket}: {exception.Message}", exception);
        }
    }

    private static async Task<Any> ReadAsync(CancellationToken cancellationToken)
    {
        await using Stream input = Console.OpenStandardInput();
        using MemoryStream data = new();
        byte[] buffer = new byte[8192];
        int read;
        while ((read = await input.ReadAsync(buffer, cancellationToken)) > 0)
        {
            data.Write(buffer, 0, read);
            if (data.Length > MaxEventSize)
            {
                throw new GantryException(ErrorKind.InvalidArgument, $"event is larger than {MaxEventSize} bytes");
            }
        }

        try
        {
            return Any.Parser.ParseFrom(data.ToArray());
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "event on standard input can't be read", exception);
        }
    }
}
