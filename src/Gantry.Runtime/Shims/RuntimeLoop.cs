using Gantry.Linux.Io;

namespace Gantry.Runtime.Shims;

/// <summary>The one thread of this process that waits for what shims write.</summary>
internal static class RuntimeLoop
{
    public static IoLoop Shared { get; } = IoLoop.Start();
}
