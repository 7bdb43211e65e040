using Gantry.Core.Errors;
using Gantry.Storage.Bolt;
using Gantry.Storage.Metadata;

namespace Gantry.Storage.Adopt;

/// <summary>
/// Taking over a root that containerd has worked on: its records become ours, its blobs and snapshot directories stay
/// where they are. Its own databases are read, and never written.
/// </summary>
public static class Adoption
{
    private const string SourceName = "meta.db";

    /// <summary>containerd's database in a root.</summary>
    /// <param name="root">The daemon's root directory.</param>
    public static string SourcePath(string root) => Path.Combine(root, MetadataStore.DatabaseDirectoryName, SourceName);

    /// <summary>Whether a root has containerd's records and none of ours.</summary>
    /// <param name="root">The daemon's root directory.</param>
    public static bool IsNeeded(string root) => File.Exists(SourcePath(root)) && !File.Exists(TargetPath(root));

    /// <summary>Says what taking over a root would do. Nothing is written.</summary>
    /// <param name="options">The root.</param>
    /// <exception cref="GantryException">It can't be taken over; the message says why.</exception>
    public static AdoptionReport Plan(AdoptionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require(options.Root);
        using BoltFile file = BoltFile.Open(SourcePath(options.Root));
        return new AdoptionPlan(file, options).Tell();
    }

    /// <summary>Takes over a root. The caller keeps other daemons off it meanwhile.</summary>
    /// <param name="options">The root.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="GantryException">It can't be taken over, and is as it was; the message says why.</exception>
    public static AdoptionReport Run(AdoptionOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        Require(options.Root);
        using BoltFile file = BoltFile.Open(SourcePath(options.Root));
        AdoptionReport report = new AdoptionPlan(file, options).Tell();

        // All of it is in order. It is read again rather than kept: a root may be larger than the memory.
        using BoltFile again = BoltFile.Open(SourcePath(options.Root));
        AdoptionWriter.Write(new AdoptionPlan(again, options), report, TargetPath(options.Root), time.GetUtcNow());
        return report;
    }

    private static string TargetPath(string root) =>
        Path.Combine(root, MetadataStore.DatabaseDirectoryName, MetadataStore.DatabaseFileName);

    private static void Require(string root)
    {
        if (!File.Exists(SourcePath(root)))
        {
            throw new GantryException(ErrorKind.NotFound, $"root {root} is none of containerd's: {SourcePath(root)}");
        }

        if (File.Exists(TargetPath(root)))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"root {root} has metadata of Gantry already: {TargetPath(root)}");
        }
    }
}
