namespace Gantry.Linux.Cgroups;

/// <summary>What an RDMA device is used for, or may be.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Handles">Handles.</param>
/// <param name="Objects">Objects.</param>
public sealed record RdmaUsage(string Device, uint Handles, uint Objects)
{
    /// <summary>Reads lines such as <c>mlx4_0 hca_handle=2 hca_object=2000</c>.</summary>
    /// <param name="directory">The cgroup's directory, or null for none.</param>
    /// <param name="name">The file.</param>
    internal static IReadOnlyList<RdmaUsage> Read(string? directory, string name)
    {
        List<RdmaUsage> result = [];
        foreach (string line in directory is null ? [] : CgroupFiles.Lines(Path.Combine(directory, name)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 3)
            {
                result.Add(new RdmaUsage(
                    words[0], Clamp(CgroupFiles.Named(words, "hca_handle")), Clamp(CgroupFiles.Named(words, "hca_object"))));
            }
        }

        return result;
    }

    private static uint Clamp(ulong value) => (uint)Math.Min(value, uint.MaxValue);
}
