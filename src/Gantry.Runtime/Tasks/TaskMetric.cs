using Gantry.Core;

namespace Gantry.Runtime.Tasks;

/// <summary>What a task has used.</summary>
/// <param name="Id">The task.</param>
/// <param name="Timestamp">When it was measured.</param>
/// <param name="Data">The measurement, of the type that the shim chose.</param>
public sealed record TaskMetric(string Id, DateTimeOffset Timestamp, TypedBytes Data);
