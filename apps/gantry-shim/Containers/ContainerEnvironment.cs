using Gantry.Linux.Io;
using Gantry.Shim.Events;
using Gantry.Shim.Logging;

namespace Gantry.Shim.Containers;

/// <summary>What the containers of a shim share.</summary>
/// <param name="Namespace">Their namespace.</param>
/// <param name="StateDirectory">The daemon's directory of state.</param>
/// <param name="Loop">Where their bytes are moved.</param>
/// <param name="Publisher">Where their events go.</param>
/// <param name="Trimmer">What gives memory back.</param>
/// <param name="Log">The shim's log.</param>
/// <param name="LogFifo">Where the log goes.</param>
/// <param name="Time">The clock.</param>
internal sealed record ContainerEnvironment(
    string Namespace,
    string StateDirectory,
    IoLoop Loop,
    EventPublisher Publisher,
    MemoryTrimmer Trimmer,
    ShimLog Log,
    LogFifo LogFifo,
    TimeProvider Time);
