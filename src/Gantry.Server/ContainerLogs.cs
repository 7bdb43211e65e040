using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server;

/// <summary>
/// Where the output of containers is kept that run in the background: a directory for each, which goes with its container.
/// Clients name the files; shims write them.
/// </summary>
internal sealed class ContainerLogs(string directory, ILogger logger)
{
    /// <summary>What the URI of a log may begin with.</summary>
    public const string Schemes = "fifo,binary,binary-v2,file,logfile";

    /// <summary>The directory of all; below it there is one for each namespace.</summary>
    /// <param name="root">The daemon's root directory.</param>
    public static string In(string root) => Path.Combine(root, "io.gantry.logs");

    /// <summary>Removes what was kept of a container.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="id">Its id.</param>
    public void Remove(string ns, string id)
    {
        string path = Path.Combine(directory, ns, id);
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ServerLog.LogRemains(logger, path, e);
        }
    }
}
