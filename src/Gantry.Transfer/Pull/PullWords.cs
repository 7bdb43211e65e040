namespace Gantry.Transfer.Pull;

/// <summary>The words in which a daemon tells its clients how a transfer goes; those of containerd, where it has any.</summary>
public static class PullWords
{
    /// <summary>Bytes come from a registry.</summary>
    public const string Downloading = "downloading";

    /// <summary>Bytes go to a registry.</summary>
    public const string Uploading = "uploading";

    /// <summary>It is known what the name stands for.</summary>
    public const string Resolved = "fetching image content";

    /// <summary>The image has its record.</summary>
    public const string Saved = "saved";

    private const string Resolving = "Resolving from ";
    private const string Waiting = "waiting";
    private const string Exists = "already exists";
    private const string Unpacking = "extracting";
    private const string Complete = "complete";
    private const string Warns = " warns: ";

    /// <summary>What is happening to a part of an image; null for what is not told.</summary>
    /// <param name="state">The state.</param>
    public static string? Of(PullState state) => state switch
    {
        PullState.Waiting => Waiting,
        PullState.Downloading => Downloading,
        PullState.Uploading => Uploading,
        PullState.Exists => Exists,
        PullState.Unpacking => Unpacking,
        PullState.Done => Complete,
        _ => null,
    };

    /// <summary>What somebody was told; null for what is no state.</summary>
    /// <param name="words">The words.</param>
    public static PullState? Parse(string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        return words switch
        {
            Resolved => PullState.Resolved,
            Waiting => PullState.Waiting,
            Downloading => PullState.Downloading,
            Uploading => PullState.Uploading,
            Exists => PullState.Exists,
            Unpacking => PullState.Unpacking,
            Complete or Saved => PullState.Done,
            _ when words.StartsWith(Resolving, StringComparison.Ordinal) => PullState.Resolving,
            _ => null,
        };
    }

    /// <summary>That somebody asks a registry.</summary>
    /// <param name="registry">The registry.</param>
    public static string AsksFor(string registry) => Resolving + registry;

    /// <summary>That a registry warns.</summary>
    /// <param name="host">The registry's host.</param>
    /// <param name="text">Of what.</param>
    public static string Warning(string host, string text) => host + Warns + text;

    /// <summary>Whether that is a registry's warning.</summary>
    /// <param name="words">The words.</param>
    public static bool IsWarning(string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        return words.Contains(Warns, StringComparison.Ordinal);
    }
}
