using Gantry.Linux.Cgroups;

namespace Gantry.Server.Metrics;

/// <summary>The counters of one container, whose files stay open from one scrape to the next.</summary>
internal sealed class ContainerCounters : IDisposable
{
    /// <summary>No limit in version 1 is the greatest multiple of a page, which may have up to 64 KiB.</summary>
    private const ulong Unlimited = long.MaxValue - 0xFFFF;

    private readonly IReadOnlyList<CgroupFile> _files;
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
            if (file.Rule is CgroupFileRule.Use && Values[at - 1] == 0)
            {
                values[0] = 0;
            }
            else if (file.Rule is not CgroupFileRule.Failures || Values[at - 3] < Unlimited || values[0] == CgroupMetric.Absent)
            {
                values.Fill(CgroupMetric.Absent);
                bool keep = file.Rule is not CgroupFileRule.Failures || Values[at - 3] < Unlimited;
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

    private int Read(int index, ReadOnlySpan<byte> name, Span<byte> buffer, bool keep) =>
        _directories[index] is { } directory
            ? KernelText.Whole(buffer, _kept.Read(index, directory, name, buffer, keep))
            : -1;
}
