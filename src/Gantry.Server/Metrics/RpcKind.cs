namespace Gantry.Server.Metrics;

/// <summary>What a call of gRPC sends: one message each way, or more.</summary>
internal enum RpcKind
{
    /// <summary>One message each way.</summary>
    Unary,

    /// <summary>Many answers.</summary>
    ServerStream,

    /// <summary>Many messages both ways.</summary>
    BidiStream,
}
