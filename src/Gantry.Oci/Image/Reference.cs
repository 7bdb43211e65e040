using System.Text.RegularExpressions;

namespace Gantry.Oci.Image;

/// <summary>
/// The name of an image: <c>host/path:tag@digest</c>. A <em>full</em> reference has a host and a tag or digest, as
/// <c>ctr</c> wants it; a <em>familiar</em> one may leave them out, as Docker's users write it.
/// <code>
/// docker.io/library/busybox:1.36@sha256:…
/// └ Host ─┘ └── Path ─────┘ Tag  Digest
/// └────── Name ───────────┘
/// </code>
/// </summary>
/// <example><c>Reference.ParseFamiliar("busybox")</c> is <c>docker.io/library/busybox:latest</c>.</example>
public sealed partial record Reference
{
    private const string DefaultHost = "docker.io";
    private const string LegacyDefaultHost = "index.docker.io";
    private const string OfficialPrefix = "library/";
    private const string DefaultTag = "latest";
    private const int MaxNameLength = 255;
    private const int MaxLength = 1024;

    private Reference(string host, string path, string tag, Digest digest)
    {
        Host = host;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The host of the registry, perhaps with a port.</summary>
    public string Host { get; }

    /// <summary>The repository on that host.</summary>
    public string Path { get; }

    /// <summary>The tag; empty when there is none.</summary>
    public string Tag { get; }

    /// <summary>The digest; empty when there is none.</summary>
    public Digest Digest { get; }

    /// <summary>Host and path.</summary>
    public string Name => $"{Host}/{Path}";

    /// <summary>What the registry is asked for: the digest, or else the tag.</summary>
    public string Object => Digest.IsEmpty ? Tag : Digest.ToString();

    /// <summary>The shortest name that <see cref="ParseFamiliar"/> understands as this one.</summary>
    public string Familiar
    {
        get
        {
            string name = Host != DefaultHost ? Name
                : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && Path.LastIndexOf('/') == OfficialPrefix.Length - 1
                    ? Path[OfficialPrefix.Length..]
                    : Path;
            return name + Suffix;
        }
    }

    private string Suffix => (Tag.Length > 0 ? ":" + Tag : "") + (Digest.IsEmpty ? "" : "@" + Digest);

    /// <summary>Parses a full reference.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="reference">The reference, if it is one.</param>
    /// <param name="error">What is wrong with it, if it is none.</param>
    public static bool TryParse(string? text, out Reference? reference, out string error)
    {
        reference = null;
        if (!TrySplit(text, out string name, out string tag, out Digest digest, out error))
        {
            return false;
        }

        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || !HostRule().IsMatch(name[..slash]))
        {
            error = "hostname required";
            return false;
        }

        if (tag.Length == 0 && digest.IsEmpty)
        {
            error = "object required";
            return false;
        }

        return TryMake(name[..slash], name[(slash + 1)..], tag, digest, out reference, out error);
    }

    /// <summary>Parses a full reference.</summary>
    /// <param name="text">Any text.</param>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static Reference Parse(string text) =>
        TryParse(text, out Reference? reference, out string error)
            ? reference!
            : throw new FormatException($"invalid reference \"{text}\": {error}");

    /// <summary>
    /// Parses a familiar reference: without a host it is of <c>docker.io</c>, and there without a slash of
    /// <c>library/</c>; without tag and digest it has the tag <c>latest</c>.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="reference">The reference, if it is one.</param>
    /// <param name="error">What is wrong with it, if it is none.</param>
    public static bool TryParseFamiliar(string? text, out Reference? reference, out string error)
    {
        reference = null;
        if (!TrySplit(text, out string name, out string tag, out Digest digest, out error))
        {
            return false;
        }

        if (BareDigestRule().IsMatch(name))
        {
            error = "a name cannot be 64 hexadecimal digits";
            return false;
        }

        int slash = name.IndexOf('/', StringComparison.Ordinal);
        bool hasHost = slash > 0 && LooksLikeHost(name[..slash]);
        string host = hasHost ? name[..slash] : DefaultHost;
        string path = hasHost ? name[(slash + 1)..] : name;
        host = host == LegacyDefaultHost ? DefaultHost : host;
        if (host == DefaultHost && !path.Contains('/', StringComparison.Ordinal))
        {
            path = OfficialPrefix + path;
        }

        return TryMake(
            host, path, tag.Length == 0 && digest.IsEmpty ? DefaultTag : tag, digest, out reference, out error);
    }

    /// <summary>Parses a familiar reference.</summary>
    /// <param name="text">As for <see cref="TryParseFamiliar"/>.</param>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static Reference ParseFamiliar(string text) =>
        TryParseFamiliar(text, out Reference? reference, out string error)
            ? reference!
            : throw new FormatException($"invalid reference \"{text}\": {error}");

    /// <summary>The same name with a digest.</summary>
    /// <param name="digest">The digest.</param>
    public Reference WithDigest(Digest digest) => new(Host, Path, Tag, digest);

    /// <summary>The full reference.</summary>
    public override string ToString() => Name + Suffix;

    // text = name [":" tag] ["@" digest]; the colon of a tag is after the last slash.
    private static bool TrySplit(string? text, out string name, out string tag, out Digest digest, out string error)
    {
        (name, tag, digest, error) = ("", "", default, "");
        if (string.IsNullOrEmpty(text))
        {
            error = "it is empty";
            return false;
        }

        if (text.Length > MaxLength)
        {
            error = $"it is longer than {MaxLength} characters";
            return false;
        }

        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && !Digest.TryParse(text[(at + 1)..], out digest))
        {
            error = $"invalid digest \"{text[(at + 1)..]}\"";
            return false;
        }

        name = at < 0 ? text : text[..at];
        int colon = name.IndexOf(':', name.LastIndexOf('/') + 1);
        if (colon >= 0)
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
            if (!TagRule().IsMatch(tag) || tag[^1] == '\n')
            {
                error = $"invalid tag \"{tag}\"";
                return false;
            }
        }

        return true;
    }

    private static bool TryMake(
        string host, string path, string tag, Digest digest, out Reference? reference, out string error)
    {
        reference = null;
        error = "";
        if (!HostRule().IsMatch(host))
        {
            error = $"invalid host \"{host}\"";
            return false;
        }

        if (path.Any(char.IsAsciiLetterUpper))
        {
            error = "repository name must be lowercase";
            return false;
        }

        // '$' of .NET also matches before a last line feed; no line feed may pass.
        if (path.Length == 0 || !PathRule().IsMatch(path) || path[^1] == '\n')
        {
            error = "invalid reference format";
            return false;
        }

        if (host.Length + 1 + path.Length > MaxNameLength)
        {
            error = $"repository name must not be more than {MaxNameLength} characters";
            return false;
        }

        reference = new Reference(host, path, tag, digest);
        return true;
    }

    private static bool LooksLikeHost(string first) =>
        first == "localhost" || first.AsSpan().IndexOfAny('.', ':', '[') >= 0 || first.Any(char.IsAsciiLetterUpper);

    [GeneratedRegex(
        @"^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::[0-9]{1,5})?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostRule();

    [GeneratedRegex(
        "^[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*)*$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathRule();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TagRule();

    [GeneratedRegex("^[0-9a-f]{64}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex BareDigestRule();
}
