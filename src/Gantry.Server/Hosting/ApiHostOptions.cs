namespace Gantry.Server.Hosting;

/// <summary>Limits of the gRPC endpoint.</summary>
public sealed record ApiHostOptions
{
    /// <summary>The limit that containerd sets on messages, in bytes.</summary>
    public const int DefaultMessageSize = 16 << 20;

    /// <summary>The greatest message that is accepted, in bytes.</summary>
    public int MaxReceiveMessageSize { get; init; } = DefaultMessageSize;

    /// <summary>The greatest message that is sent, in bytes.</summary>
    public int MaxSendMessageSize { get; init; } = DefaultMessageSize;
}
