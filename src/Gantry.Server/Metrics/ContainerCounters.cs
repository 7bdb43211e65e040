using System.Text;
using Gantry.Linux.Cgroups;

namespace Gantry.Server.Metrics;

/// <summary>The counters of one container, whose files stay open from one scrape to the next.</summary>
internal sealed class ContainerCounters : IDisposable
{
    private static readonly int[] SourcesV1 = Sources(CgroupFiles.V1);
    private static readonly int[] SourcesV2 = Sources(CgroupFiles.V2);

    private readonly IReadOnlyList<CgroupFile> _files;
    private readonly int[] _sources;
    private readonly IReadOnlyList<LabeledFile> _labeledFiles;
    private readonly string?[] _directories;
    private readonly KeptFiles _kept;

    /// <summary>Makes them; nothing is read yet.</summary>
    /// <param name="paths">The container's cgroups.</param>
    /// <param name="labels">What tells its samples from those of others.</param>
    public ContainerCounters(CgroupPaths paths, byte[] labels)
    {
        Unified = paths.Unified;
        Labels = labels;
        _files = Files(paths.Unified);
        _sources = paths.Unified ? SourcesV2 : SourcesV1;
        _labeledFiles = paths.Unified ? LabeledFile.V2 : LabeledFile.V1;
        _directories =
        [
            .. _files.Select(file => paths.Directory(file.Controller)),
            .. _labeledFiles.Select(file => paths.Directory(file.Controller)),
        ];
        _kept = new KeptFiles(_directories.Length);
        Values = new ulong[_files.Sum(file => file.Metrics.Count)];
        Values.AsSpan().Fill(CgroupMetric.Absent);
    }

    /// <summary>The labels.</summary>
    public byte[] Labels { get; }

    /// <summary>Whether they are those of version 2.</summary>
    public bool Unified { get; }

    /// <summary>The values, in the order of <see cref="Files"/> and their metrics.</summary>
    public ulong[] Values { get; }

    /// <summary>The values that have labels of their own.</summary>
    public List<LabeledValue> Labeled { get; } = [];

    /// <summary>The scrape that has seen the container last.</summary>
    public long Seen { get; set; }

    /// <summary>The files of a version.</summary>
    /// <param name="unified">Whether of version 2.</param>
    public static IReadOnlyList<CgroupFile> Files(bool unified) => unified ? CgroupFiles.V2 : CgroupFiles.V1;

    /// <summary>Reads all.</summary>
    /// <param name="buffer">Room for the greatest file.</param>
    /// <returns>False when the container is gone.</returns>
    public bool Read(Span<byte> buffer)
    {
        int at = 0;
        int index = 0;
        foreach (CgroupFile file in _files)
        {
            Span<ulong> values = Values.AsSpan(at, file.Metrics.Count);
            ulong source = _sources[index] < 0 ? CgroupMetric.Absent : Values[_sources[index]];
            ulong implied = file.Implied?.Value(source, values[0]) ?? CgroupMetric.Absent;
            values.Fill(CgroupMetric.Absent);
            if (implied != CgroupMetric.Absent)
            {
                values[0] = implied;
            }
            else
            {
                // What will follow once it is known is not read again.
                bool keep = file.Implied is null || file.Implied.Value(source, 0) == CgroupMetric.Absent;
                int count = Read(index, file.Name, buffer, keep);
                if (count > 0)
                {
                    file.Parse(buffer[..count], values);
                }
            }

            at += file.Metrics.Count;
            index++;
        }

        Labeled.Clear();
        foreach (LabeledFile file in _labeledFiles)
        {
            int count = file.IsImplied(Labeled) ? 0 : Read(index, file.Name, buffer, keep: true);
            if (count > 0)
            {
                file.Parse(buffer[..count], Labeled);
            }

            index++;
        }

        return !_kept.Gone;
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();

    /// <summary>Where the metrics are that those of the files follow from; -1 for none.</summary>
    private static int[] Sources(IReadOnlyList<CgroupFile> files)
    {
        CgroupMetric[] metrics = [.. files.SelectMany(file => file.Metrics)];
        return
        [
            .. files.Select(file => file.Implied is { } implied
                ? Array.FindIndex(metrics, metric => metric.Name.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(implied.Name)))
                : -1),
        ];
    }

    private int Read(int index, ReadOnlySpan<byte> name, Span<byte> buffer, bool keep) =>
        _directories[index] is { } directory
            ? KernelText.Whole(buffer, _kept.Read(index, directory, name, buffer, keep))
            : -1;
}
