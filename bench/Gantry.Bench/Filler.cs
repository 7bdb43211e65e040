using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Bench;

/// <summary>Makes many objects of a kind.</summary>
internal static class Filler
{
    private const int Parallel = 16;
    private static readonly byte[] Spec = Encoding.UTF8.GetBytes("{\"ociVersion\":\"1.0.2\"," + new string(' ', 1000) + "\"a\":1}");

    /// <summary>Labels of none.</summary>
    public static IReadOnlyDictionary<string, string> NoLabels => ImmutableDictionary<string, string>.Empty;

    /// <summary>Does something many times, some at a time, and tells how long it took.</summary>
    public static async Task<TimeSpan> RunAsync(int count, Func<int, Task> action, int parallel = Parallel)
    {
        long start = Stopwatch.GetTimestamp();
        ParallelOptions options = new() { MaxDegreeOfParallelism = parallel };
        await System.Threading.Tasks.Parallel.ForAsync(0, count, options, async (i, _) => await action(i));
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>A container record; ten thousand of them still fit one message.</summary>
    public static ContainerRecord Container(string id) => new(id)
    {
        RuntimeName = "io.containerd.runc.v2",
        Image = "docker.io/library/busybox:latest",
        Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", Spec),
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "bench" },
    };

    /// <summary>An image whose target need not be there.</summary>
    public static ImageRecord Image(string name, Digest target) => new(
        name, new Descriptor("application/vnd.oci.image.manifest.v1+json", target, 7), NoLabels);

    /// <summary>Writes one small blob.</summary>
    public static async Task BlobAsync(NamespaceClient scope, int number, IReadOnlyDictionary<string, string> labels, int size = 0)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"blob {number} of {size}");
        byte[] data = Encoding.UTF8.GetBytes(text.PadRight(size));
        Digest digest = Digest.OfBytes(data);
        await using IContentWriter writer = await scope.Content.OpenWriterAsync($"bench-{size}-{number}", data.Length, digest, default);
        await writer.WriteAsync(data, default);
        await writer.CommitAsync(data.Length, digest, labels, default);
    }
}
