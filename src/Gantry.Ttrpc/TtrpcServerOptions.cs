using Gantry.Linux.Io;

namespace Gantry.Ttrpc;

/// <summary>How a <see cref="TtrpcServer"/> behaves.</summary>
public sealed record TtrpcServerOptions
{
    /// <summary>Refuse peers that run as another user than this process, as containerd does; true unless set.</summary>
    public bool SameUserOnly { get; init; } = true;

    /// <summary>The greatest number of calls that one connection may have open; more are ResourceExhausted.</summary>
    public int MaxCallsPerConnection { get; init; } = 16 * 1024;

    /// <summary>How long a stopping server lets open calls run before it cancels them.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Is told why a connection ended, when it did not end at a peer's or this server's will: a malformed frame, a peer
    /// that was refused. For a log.
    /// </summary>
    public Action<PeerCredentials?, Exception>? ConnectionFailed { get; init; }
}
