namespace Gantry.Server.Config;

/// <summary>Where metrics are served: the table <c>[metrics]</c>.</summary>
public sealed record MetricsConfig
{
    /// <summary>The TCP address, <c>HOST:PORT</c>; empty: they are not served.</summary>
    public string Address { get; init; } = "";

    /// <summary>Whether latencies of calls are given under containerd's name too.</summary>
    public bool GrpcHistogram { get; init; }

    /// <summary>Whether it is told what containers use.</summary>
    public bool Containers { get; init; } = true;
}
