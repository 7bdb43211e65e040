using System.Reflection;
using Gantry.Distribution.Auth;
using Gantry.Distribution.Hosts;

namespace Gantry.Distribution;

/// <summary>How registries are reached.</summary>
public sealed record RegistryOptions
{
    /// <summary>
    /// True to speak plain http to every host of which no file says otherwise, and to send credentials that way if need
    /// be. A host on the loopback interface is spoken to in plain http anyway, if that is what it speaks.
    /// </summary>
    public bool PlainHttp { get; init; }

    /// <summary>
    /// Directories with a directory for each host, in which <c>hosts.toml</c> or certificates say how it is reached; the
    /// first that knows a host counts. See <see cref="HostDirectories.Default"/>.
    /// </summary>
    public IReadOnlyList<string> HostsDirectories { get; init; } = [];

    /// <summary>PEM files with authorities that are trusted besides the system's.</summary>
    public IReadOnlyList<string> CaFiles { get; init; } = [];

    /// <summary>True to take any certificate.</summary>
    public bool SkipVerify { get; init; }

    /// <summary>Who to say we are; null for nobody.</summary>
    public ICredentialSource? Credentials { get; init; }

    /// <summary>Headers that every request bears, besides those that files ask for.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>What we call ourselves.</summary>
    public string UserAgent { get => field ?? "gantry/" + OwnVersion; init; }

    /// <summary>How often a request is made at most.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>How long to wait before the second attempt; each wait after it is about twice as long.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait that a registry may ask for; if it asks for a longer one, its answer is final.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long making a connection may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a registry may stay silent: before it answers, and between two pieces of a body.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many bytes of a blob are sent in one request at most; 0 to send it whole, if the registry takes it.</summary>
    public long UploadChunkBytes { get; init; }

    /// <summary>
    /// From how many bytes on a blob is fetched in pieces, some of them at the same time, where the registry can send
    /// parts of blobs.
    /// </summary>
    public long PiecewiseFromBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>How many pieces of a blob are fetched ahead of the one that is read; 0 to fetch every blob whole.</summary>
    public int PiecesAhead { get; init; } = 3;

    /// <summary>Is told what registries warn of, each once; null for nobody.</summary>
    public Action<RegistryWarning>? Warned { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    private static string OwnVersion =>
        typeof(RegistryOptions).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version ?? "0";
}
