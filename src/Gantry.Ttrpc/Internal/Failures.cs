using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>The errors that the protocol itself has, in the words of containerd's ttrpc where it has them.</summary>
internal static class Failures
{
    public static RpcException Closed(Exception? cause = null) =>
        new(new Status(StatusCode.Unavailable, "ttrpc: closed", cause));

    public static RpcException Oversized(long length) => Of(
        StatusCode.ResourceExhausted,
        $"message length {length} exceed maximum message size of {FrameHeader.MaxPayload}");

    public static RpcException Canceled() => Of(StatusCode.Cancelled, "context canceled");

    public static RpcException DeadlineExceeded() => Of(StatusCode.DeadlineExceeded, "context deadline exceeded");

    public static RpcException Protocol(string what, Exception? cause = null) =>
        new(new Status(StatusCode.Internal, $"ttrpc: {what}: protocol error", cause));

    public static RpcException Of(StatusCode code, string text) => new(new Status(code, text));
}
