using Gantry.Linux.Io;
using Grpc.Core;

namespace Gantry.Ttrpc;

/// <summary>What a ttrpc server knows of a call beyond what gRPC has a place for.</summary>
public static class ServerCallContextExtensions
{
    internal const string PeerKey = "gantry.ttrpc.peer";

    /// <summary>The process that made the call; null when the call did not come over ttrpc.</summary>
    /// <param name="context">The call.</param>
    public static PeerCredentials? PeerCredentials(this ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.UserState.TryGetValue(PeerKey, out object? peer) ? peer as PeerCredentials? : null;
    }
}
