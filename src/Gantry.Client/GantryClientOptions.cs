namespace Gantry.Client;

/// <summary>How a client finds its daemon.</summary>
public sealed record GantryClientOptions
{
    /// <summary>The socket of a Gantry daemon that was told nothing else.</summary>
    public const string DefaultSocketPath = "/run/gantry/gantry.sock";

    /// <summary>The greatest message that is sent or received, in bytes: what the daemons accept.</summary>
    public const int MaxMessageBytes = 16 << 20;

    /// <summary>The path of the daemon's Unix socket. It may begin with <c>unix://</c>.</summary>
    public string SocketPath { get; init; } = DefaultSocketPath;

    /// <summary>How long the daemon may take to accept the connection, and again to say its first word on it.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
