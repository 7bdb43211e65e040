using Gantry.Testing;

namespace Gantry.Shim.Tests;

/// <summary>The OCI runtimes that the shim is tried with.</summary>
internal static class Executors
{
    private const string HybridControllers = "/sys/fs/cgroup/unified/cgroup.controllers";

    /// <summary>
    /// The path of a runtime. crun refuses a machine that has controllers in both versions of cgroups; it is shown version
    /// 1 alone then.
    /// </summary>
    public static string PathOf(string name, TempDirectory directory)
    {
        string path = Needs.Program(name);
        if (name != "crun" || !File.Exists(HybridControllers) || File.ReadAllText(HybridControllers).Trim().Length == 0)
        {
            return path;
        }

        string wrapper = directory["crun"];
        File.WriteAllText(
            wrapper,
            $"#!/bin/sh\nexec unshare -m --propagation slave sh -c 'umount /sys/fs/cgroup/unified; exec {path} \"$@\"' crun \"$@\"\n");
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return wrapper;
    }
}
