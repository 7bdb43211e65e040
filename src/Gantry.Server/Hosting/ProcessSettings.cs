using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Processes;
using Gantry.Server.Config;

namespace Gantry.Server.Hosting;

/// <summary>What the configuration says about the process of the daemon itself.</summary>
public static class ProcessSettings
{
    private const string TemporaryFiles = "TMPDIR";

    /// <summary>Applies it to this process.</summary>
    /// <param name="config">The configuration.</param>
    /// <exception cref="GantryException">FailedPrecondition: the system refuses it.</exception>
    public static void Apply(DaemonConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Temp.Length > 0)
        {
            Try("temp", () => Directory.CreateDirectory(config.Temp));
            Environment.SetEnvironmentVariable(TemporaryFiles, config.Temp);
        }

        if (config.OomScore != 0)
        {
            Try("oom_score", () => ProcessControl.SetOomScoreAdjustment(Environment.ProcessId, config.OomScore));
        }

        if (config.CgroupPath.Length > 0)
        {
            Try("cgroup.path", () => CgroupPaths.AddProcess(config.CgroupPath, Environment.ProcessId));
        }
    }

    private static void Try(string key, Action apply)
    {
        try
        {
            apply();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or LinuxException)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"config key {key}: {exception.Message}", exception);
        }
    }
}
