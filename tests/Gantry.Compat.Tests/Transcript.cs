using System.Text.RegularExpressions;
using Gantry.Testing;

namespace Gantry.Compat.Tests;

/// <summary>What a script printed, without what differs from run to run.</summary>
internal static partial class Transcript
{
    public static string Normalise(string text, PrivateDaemon daemon)
    {
        IEnumerable<string> lines = text
            .Replace(daemon.Home, "HOME", StringComparison.Ordinal)
            .Split('\n')
            .Where(line => !Noise().IsMatch(line))
            .Select(line => Time().Replace(line, "TIME"))
            .Select(line => Spaces().Replace(line, " "))
            .Select(line => TaskRow().Replace(line, "${id} PID ${status}"))
            .Select(line => IndexOption().Replace(line, ""))
            .Select(line => LabelLimit().Replace(line, "label key and value greater than maximum size"))
            .Select(line => line.TrimEnd());
        return string.Join('\n', lines);
    }

    // ctr's progress display looks blobs and ingests up after the pull has ended; and ctr warns of a daemon of another version.
    [GeneratedRegex("failed to get content info|active check failed|^WARNING: (version|revision) mismatch",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Noise();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Time();

    [GeneratedRegex(" {2,}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Spaces();

    [GeneratedRegex(
        @"^(?<id>[a-z]\w*) \d+ (?<status>RUNNING|STOPPED|PAUSED|CREATED)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TaskRow();

    // An option that containerd 1 puts first and containerd 2 last.
    [GeneratedRegex("index=off,|,index=off|\"index=off\",|,\"index=off\"", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex IndexOption();

    // containerd 2 also says how long the label is.
    [GeneratedRegex(
        @"label key and value( length \(\d+ bytes\))? greater than maximum size",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LabelLimit();
}
