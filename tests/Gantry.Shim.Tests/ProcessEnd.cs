using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Tests;

/// <summary>Waiting for a process that is not this one's child.</summary>
internal static class ProcessEnd
{
    private static readonly IoLoop Loop = IoLoop.Start();

    public static async Task WaitAsync(int pid, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle process = Pidfd.Open(pid);
            await Loop.WaitReadableAsync(process, cancellationToken).WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            return;
        }
    }
}
