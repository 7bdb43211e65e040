namespace Gantry.Server.Config;

/// <summary>A Unix socket and its owner.</summary>
public sealed record SocketConfig
{
    /// <summary>The path of the socket.</summary>
    public string Address { get; init; } = "";

    /// <summary>The user that owns it.</summary>
    public int UserId { get; init; }

    /// <summary>The group that owns it.</summary>
    public int GroupId { get; init; }
}
