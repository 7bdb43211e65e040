using Gantry.Core;

namespace Gantry.Client.Tasks;

/// <summary>What a container uses.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Timestamp">When it was measured; null when the daemon does not say.</param>
/// <param name="Data">The measurement: <c>io.containerd.cgroups.v1.Metrics</c> or <c>.v2.Metrics</c>.</param>
public sealed record ContainerMetrics(string ContainerId, DateTimeOffset? Timestamp, TypedBytes Data);
