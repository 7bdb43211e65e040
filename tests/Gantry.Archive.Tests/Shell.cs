using System.Runtime.InteropServices;
using Gantry.Linux.Processes;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Archive.Tests;

/// <summary>
/// Runs real tools. They are started as the differ starts stream processors, since what waits for those takes the ends
/// of all children of this process.
/// </summary>
internal static class Shell
{
    /// <summary>Runs a script with bash in a directory; it must succeed. Returns what it printed.</summary>
    public static async Task<string> RunAsync(string directory, string script)
    {
        using SafeFileHandle output = Open.Path(Path.GetTempPath(), OpenFlags.O_TMPFILE | OpenFlags.O_RDWR, 0x180);
        using SafeFileHandle error = Open.Path(Path.GetTempPath(), OpenFlags.O_TMPFILE | OpenFlags.O_RDWR, 0x180);
        SpawnedProcess process = Spawn.Start(new SpawnRequest
        {
            Program = "/bin/bash",
            Arguments = ["-euc", script],
            WorkingDirectory = directory,
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"],
            Descriptors = new Dictionary<int, SafeHandle> { [1] = output, [2] = error },
        });

        ChildExit exit = await process.Exit.WaitAsync(TestContext.Current.CancellationToken);

        Assert.True(exit.Code == 0, $"{script}\n{Read(error)}");
        return Read(output);
    }

    private static string Read(SafeFileHandle file)
    {
        byte[] bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return System.Text.Encoding.UTF8.GetString(bytes);
    }
}
