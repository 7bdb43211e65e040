namespace Gantry.Server.Transfers;

/// <summary>Which programs decide whether an image may be pulled.</summary>
public sealed record ImageVerifierOptions
{
    /// <summary>Where they are; empty for nowhere.</summary>
    public string Directory { get; init; } = "/opt/containerd/image-verifier/bin";

    /// <summary>How many there may be; -1 for any number.</summary>
    public int MaxVerifiers { get; init; } = 10;

    /// <summary>How long each may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
