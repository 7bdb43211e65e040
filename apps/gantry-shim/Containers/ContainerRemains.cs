using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;
using Gantry.Shim.Executor;

namespace Gantry.Shim.Containers;

/// <summary>
/// What is left of a container when the runtime that made or removed it was killed half way: processes that the runtime
/// knows nothing of, their cgroup, and the runtime's state.
/// </summary>
internal static class ContainerRemains
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EmptyLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RuntimeLimit = TimeSpan.FromSeconds(20);

    /// <summary>Removes a container whatever its state, and what the runtime leaves of it.</summary>
    /// <param name="runtime">The runtime.</param>
    /// <param name="id">The container.</param>
    /// <param name="cgroupsPath">The cgroup that its spec names, or null.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Why the runtime failed, or null.</returns>
    public static async Task<RuntimeFailure?> RemoveAsync(
        OciRuntime runtime, string id, string? cgroupsPath, TimeProvider time)
    {
        RuntimeFailure? failed = await DeleteAsync(runtime, id, time);
        bool gone = await TrySweepAsync(id, cgroupsPath, time);
        if (gone || failed is null || failed.Reason.Contains("does not exist", StringComparison.Ordinal))
        {
            runtime.RemoveState(id);
        }

        return failed;
    }

    /// <summary>Removes what a runtime leaves of a container that it does not know any more.</summary>
    public static async Task SweepAsync(OciRuntime runtime, string id, string? cgroupsPath, TimeProvider time)
    {
        await TrySweepAsync(id, cgroupsPath, time);
        runtime.RemoveState(id);
    }

    private static async Task<RuntimeFailure?> DeleteAsync(OciRuntime runtime, string id, TimeProvider time)
    {
        using CancellationTokenSource limit = new(RuntimeLimit, time);
        try
        {
            return await runtime.RunAsync(["delete", "--force", id], limit.Token);
        }
        catch (GantryException e)
        {
            return new RuntimeFailure(e.Message, e.Message);
        }
    }

    /// <summary>
    /// Ends what is in the container's cgroup. One of another name may be others' too: it goes only once nobody is in it.
    /// </summary>
    private static async Task<bool> TrySweepAsync(string id, string? cgroupsPath, TimeProvider time)
    {
        if (cgroupsPath is not ['/', _, ..] || cgroupsPath.Split('/').Contains("..", StringComparer.Ordinal))
        {
            return false;
        }

        bool own = cgroupsPath.Trim('/') != id && cgroupsPath.EndsWith("/" + id, StringComparison.Ordinal);
        return own
            ? await CgroupTree.RemoveAsync(cgroupsPath, Limit, time, CancellationToken.None)
            : await CgroupTree.RemoveEmptyAsync(cgroupsPath, EmptyLimit, time, CancellationToken.None);
    }
}
