using System.Text.Json;
using Gantry.Linux;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Processes;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Supervisor;

/// <summary>
/// What is left of a task that has no shim any more: programs that work on its bundle, and what is in its cgroup. A shim or
/// an OCI runtime that is killed half way leaves such, and would go on making a container that nobody knows of.
/// </summary>
internal static class Remains
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Kills the programs that work on a bundle: commands of its shim, and OCI runtimes.</summary>
    public static async Task EndProgramsAsync(Bundle bundle, TimeProvider time, CancellationToken cancellationToken)
    {
        // A program that was killed may just have started another.
        const int rounds = 3;
        for (int round = 0; round < rounds; round++)
        {
            IReadOnlyList<int> programs = ShimProcess.Programs(bundle);
            if (programs.Count == 0)
            {
                return;
            }

            await Task.WhenAll(programs.Select(pid => KillAsync(pid, time, cancellationToken)));
        }
    }

    /// <summary>Kills the shim of a bundle, if it lives, and returns when it has ended.</summary>
    public static async Task EndShimAsync(Bundle bundle, TimeProvider time, CancellationToken cancellationToken)
    {
        if (ShimProcess.Find(bundle) is { } pid)
        {
            await KillAsync(pid, time, cancellationToken);
        }
    }

    /// <summary>Kills what is in the container's cgroup and removes it.</summary>
    /// <returns>Whether it is gone.</returns>
    public static async Task<bool> EndContainerAsync(Bundle bundle, TimeProvider time, CancellationToken cancellationToken) =>
        CgroupOf(bundle) is not { } path || await CgroupTree.RemoveAsync(path, Limit, time, cancellationToken);

    /// <summary>
    /// The cgroup of a container, as its spec says; null when that leaves it to the runtime, or when the last part of it is
    /// not the container's id: then it may be others' too.
    /// </summary>
    internal static string? CgroupOf(Bundle bundle)
    {
        try
        {
            return CgroupOf(File.ReadAllBytes(bundle.SpecPath), bundle.Id);
        }
        catch (IOException)
        {
            // It was never written, and no container was made.
            return null;
        }
    }

    /// <summary>The cgroup that a spec names, as <see cref="CgroupOf(Bundle)"/> has it.</summary>
    internal static string? CgroupOf(ReadOnlySpan<byte> spec, string id)
    {
        try
        {
            Utf8JsonReader reader = new(spec);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind is JsonValueKind.Object
                && document.RootElement.TryGetProperty("linux", out JsonElement linux)
                && linux.ValueKind is JsonValueKind.Object
                && linux.TryGetProperty("cgroupsPath", out JsonElement value)
                && value.ValueKind is JsonValueKind.String
                && value.GetString() is { } path
                && path.StartsWith('/')
                && path.EndsWith("/" + id, StringComparison.Ordinal)
                && path.Length > id.Length + 1
                && !path.Split('/').Contains("..", StringComparer.Ordinal)
                ? path
                : null;
        }
        catch (JsonException)
        {
            // What is wrong with the spec is for the OCI runtime to say.
            return null;
        }
    }

    private static async Task KillAsync(int pid, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle process = Pidfd.Open(pid);
            Pidfd.SendSignal(process, Signals.SIGKILL);
            await RuntimeLoop.Shared.WaitReadableAsync(process, cancellationToken)
                .WaitAsync(Limit, time, cancellationToken);
        }
        catch (LinuxException failure) when (failure.Errno is Errno.ESRCH)
        {
            // It has ended meanwhile.
            return;
        }
        catch (TimeoutException)
        {
            // The kernel holds it; what it leaves is looked for again later.
            return;
        }
    }
}
