using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Shim.Bundles;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Logging;

/// <summary>
/// The FIFO that the daemon reads the log from. It lies in a container's bundle, and goes with it: then that of another
/// container of the group takes its place.
/// </summary>
internal sealed class LogFifo(string bundle)
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    // Guards the field below it.
    private readonly Lock _gate = new();
    private string _bundle = bundle;

    /// <summary>Opens it. Both ends are opened: the daemon may go away and come back.</summary>
    /// <param name="bundle">The bundle that it lies in.</param>
    public static SafeFileHandle Open(string bundle)
    {
        string path = Path.Combine(bundle, BundleFiles.Log);
        return Descriptors.IsFifo(path) ? Descriptors.OpenFifo(path) : Descriptors.OpenNull();
    }

    /// <summary>Says that a bundle is about to be removed.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="others">Those that stay.</param>
    public void Leave(string bundle, IEnumerable<string> others)
    {
        lock (_gate)
        {
            if (!string.Equals(bundle, _bundle, StringComparison.Ordinal)
                || others.FirstOrDefault() is not { } next)
            {
                return;
            }

            try
            {
                using SafeFileHandle log = Open(next);
                Descriptors.Replace(log, StandardOutput);
                Descriptors.Replace(log, StandardError);
                _bundle = next;
            }
            catch (LinuxException)
            {
                // That one is being removed too; what is logged goes where nobody reads it.
                return;
            }
        }
    }
}
