using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>A method that a server serves.</summary>
/// <param name="FullName"><c>/SERVICE/METHOD</c>.</param>
/// <param name="Type">Which sides stream.</param>
/// <param name="RunAsync">Runs one call of it, up to and with the answer.</param>
internal sealed record ServerMethod(string FullName, MethodType Type, Func<ServerCall, Task> RunAsync)
{
    public bool ClientStreams => Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;
}
