using Gantry.Core;

namespace Gantry.Runtime.Tasks;

/// <summary>A process that lives in a task.</summary>
/// <param name="Pid">Its process id, as the daemon sees it.</param>
/// <param name="Info">What the shim says of it, such as the exec that it belongs to.</param>
public sealed record TaskProcessInfo(uint Pid, TypedBytes? Info);
