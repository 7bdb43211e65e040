using Gantry.Core.Diff;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Tests;

/// <summary>A differ that tells when it begins with a layer that is not whole yet.</summary>
/// <param name="inner">Does the work.</param>
internal sealed class EarlyDiffer(IDiffer inner) : IDiffer, IDisposable
{
    private int _count;

    /// <summary>Set when it has begun with such a layer.</summary>
    public ManualResetEventSlim Began { get; } = new();

    /// <summary>With how many it has begun.</summary>
    public int Count => Volatile.Read(ref _count);

    public Task<Descriptor> ApplyAsync(
        Descriptor layer, IReadOnlyList<Mount> mounts, UnpackOptions options, CancellationToken cancellationToken)
    {
        if (options.Arriving is { Whole.IsCompleted: false })
        {
            Interlocked.Increment(ref _count);
            Began.Set();
        }

        return inner.ApplyAsync(layer, mounts, options, cancellationToken);
    }

    public Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower, IReadOnlyList<Mount> upper, DiffOptions options, CancellationToken cancellationToken) =>
        inner.CompareAsync(lower, upper, options, cancellationToken);

    public void Dispose() => Began.Dispose();
}
