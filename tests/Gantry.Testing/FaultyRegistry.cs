using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gantry.Oci.Image;

namespace Gantry.Testing;

/// <summary>
/// A registry in memory that does what the distribution specification says, until it is told to misbehave: each answer
/// passes by <see cref="Spoil"/> before it is sent.
/// </summary>
public sealed partial class FaultyRegistry : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Repository, string Digest), (string MediaType, byte[] Data)> _content = [];
    private readonly ConcurrentDictionary<(string Repository, string Tag), string> _tags = [];
    private readonly ConcurrentDictionary<string, byte[]> _uploads = [];
    private readonly ScriptedServer _server;

    /// <summary>Starts one that has nothing.</summary>
    public FaultyRegistry() => _server = new ScriptedServer(
        request => Spoil(request, Answer(request)), (method, path) => ResetRequestAfter(method, path));

    /// <summary>Makes of the right answer the one that is sent.</summary>
    public Func<ScriptedRequest, ScriptedAnswer, ScriptedAnswer> Spoil { get; set; } = (_, answer) => answer;

    /// <summary>After how many bytes of its body a request (method and path) is reset; what came is kept.</summary>
    public Func<string, string, int?> ResetRequestAfter { get; set; } = (_, _) => null;

    /// <summary>Whether it looks at subjects and lists referrers, as of version 1.1 of the specification.</summary>
    public bool KnowsReferrers { get; init; }

    /// <summary>Whether it can send parts of blobs.</summary>
    public bool KnowsRanges { get; init; } = true;

    /// <summary>The host of references to it.</summary>
    public string Host => _server.Host;

    /// <summary>What it was asked so far.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => _server.Requests;

    /// <summary>How often a blob's bytes were asked for.</summary>
    /// <param name="digest">The blob.</param>
    public int Fetches(Digest digest) => Requests.Count(request =>
        request.Method == "GET" && request.Path.EndsWith($"/blobs/{digest}", StringComparison.Ordinal));

    /// <summary>What it has under a tag or digest; null for nothing.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="name">The tag or digest.</param>
    public byte[]? Find(string repository, string name) =>
        _content.TryGetValue((repository, _tags.GetValueOrDefault((repository, name), name)), out var found)
            ? found.Data
            : null;

    /// <summary>Gives it a blob or manifest.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="tag">A tag for it; null for none.</param>
    public Descriptor Add(string repository, string mediaType, byte[] data, string? tag = null)
    {
        Descriptor descriptor = new(mediaType, Digest.OfBytes(data), data.Length);
        _content[(repository, descriptor.Digest.ToString())] = (mediaType, data);
        if (tag is not null)
        {
            _tags[(repository, tag)] = descriptor.Digest.ToString();
        }

        return descriptor;
    }

    /// <summary>Gives it all that a layout has.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="tag">The tag for <paramref name="target"/>.</param>
    /// <param name="target">A manifest or index of the layout.</param>
    public void Add(OciLayout layout, string repository, string tag, Descriptor target)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(layout.Directory, "blobs", "sha256")))
        {
            byte[] data = File.ReadAllBytes(file);
            Add(repository, MediaTypeOf(data), data);
        }

        _tags[(repository, tag)] = target.Digest.ToString();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string MediaTypeOf(byte[] data)
    {
        try
        {
            return OciJson.DetectMediaType(data) ?? "application/octet-stream";
        }
        catch (FormatException)
        {
            return "application/octet-stream";
        }
    }

    private ScriptedAnswer Answer(ScriptedRequest request)
    {
        string path = request.Path.Split('?')[0];
        if (path == "/v2/")
        {
            return new ScriptedAnswer(200);
        }

        if (PathRule().Match(path) is not { Success: true } match)
        {
            return new ScriptedAnswer(404);
        }

        (string repository, string what, string name) =
            (match.Groups["repository"].Value, match.Groups["what"].Value, match.Groups["name"].Value);
        return (what, request.Method) switch
        {
            ("manifests", "PUT") => PutManifest(request, repository, name),
            ("blobs/uploads", "POST") => Begin(request, repository),
            ("blobs/uploads", "GET") => UploadState(repository, name, 204),
            ("blobs/uploads", "PATCH") => Append(request, repository, name),
            ("blobs/uploads", "PUT") => Finish(request, repository, name),
            ("referrers", "GET") => KnowsReferrers ? Referrers(repository, name) : new ScriptedAnswer(404),
            (_, "GET" or "HEAD") => Get(request, repository, name, isBlob: what == "blobs"),
            _ => new ScriptedAnswer(405),
        };
    }

    private ScriptedAnswer Get(ScriptedRequest request, string repository, string name, bool isBlob)
    {
        string digest = _tags.GetValueOrDefault((repository, name), name);
        if (!_content.TryGetValue((repository, digest), out (string MediaType, byte[] Data) found))
        {
            return new ScriptedAnswer(404)
            {
                Body = """{"errors":[{"code":"NOT_FOUND","message":"no such thing"}]}"""u8.ToArray(),
            };
        }

        List<(string, string)> headers =
        [
            ("Content-Type", isBlob ? "application/octet-stream" : found.MediaType),
            ("Docker-Content-Digest", digest),
        ];
        if (KnowsRanges && isBlob && request.Headers.TryGetValue("Range", out string? range)
            && RangeRule().Match(range) is { Success: true } match)
        {
            int from = int.Parse(match.Groups["from"].Value, CultureInfo.InvariantCulture);
            int end = match.Groups["end"].Value is { Length: > 0 } last
                ? Math.Min(int.Parse(last, CultureInfo.InvariantCulture) + 1, found.Data.Length)
                : found.Data.Length;
            if (from >= found.Data.Length)
            {
                return new ScriptedAnswer(416);
            }

            headers.Add(("Content-Range", $"bytes {from}-{end - 1}/{found.Data.Length}"));
            return new ScriptedAnswer(206) { Body = found.Data[from..end], Headers = headers };
        }

        return new ScriptedAnswer(200) { Body = found.Data, Headers = headers };
    }

    private ScriptedAnswer PutManifest(ScriptedRequest request, string repository, string name)
    {
        string? tag = name.Contains(':', StringComparison.Ordinal) ? null : name;
        Descriptor added = Add(repository, request.Headers["Content-Type"], request.Bytes, tag);
        List<(string, string)> headers =
        [
            ("Location", $"/v2/{repository}/manifests/{added.Digest}"),
            ("Docker-Content-Digest", added.Digest.ToString()),
        ];
        if (KnowsReferrers && SubjectOf(request.Bytes) is { } subject)
        {
            headers.Add(("OCI-Subject", subject.ToString()));
        }

        return new ScriptedAnswer(201) { Headers = headers };
    }

    private static Digest? SubjectOf(byte[] manifest) =>
        MediaTypes.IsIndex(MediaTypeOf(manifest))
            ? OciJson.ParseIndex(manifest).Subject?.Digest
            : OciJson.ParseManifest(manifest).Subject?.Digest;

    private ScriptedAnswer Referrers(string repository, string subject)
    {
        IEnumerable<string> entries = _content
            .Where(entry => entry.Key.Repository == repository && entry.Value.MediaType == MediaTypes.OciManifest
                && SubjectOf(entry.Value.Data)?.ToString() == subject)
            .Select(entry => $$"""
                {"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{entry.Key.Digest}}","size":{{entry.Value.Data.Length}},"artifactType":"{{OciJson.ParseManifest(entry.Value.Data).ArtifactType}}"}
                """);
        string index = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""";
        return new ScriptedAnswer(200)
        {
            Body = Encoding.UTF8.GetBytes(index),
            Headers = [("Content-Type", MediaTypes.OciIndex)],
        };
    }

    private ScriptedAnswer Begin(ScriptedRequest request, string repository)
    {
        if (request.Query("from") is { Length: > 0 } from
            && _content.TryGetValue((from, request.Query("mount")), out (string, byte[]) mounted))
        {
            _content[(repository, request.Query("mount"))] = mounted;
            return new ScriptedAnswer(201);
        }

        string id = Guid.NewGuid().ToString("n");
        _uploads[id] = [];
        return UploadState(repository, id, 202);
    }

    private ScriptedAnswer UploadState(string repository, string id, int status) =>
        _uploads.TryGetValue(id, out byte[]? data)
            ? new ScriptedAnswer(status)
            {
                Headers =
                [
                    ("Location", $"/v2/{repository}/blobs/uploads/{id}?state=1"),
                    ("Range", $"0-{Math.Max(0, data.Length - 1)}"),
                ],
            }
            : new ScriptedAnswer(404);

    private ScriptedAnswer Append(ScriptedRequest request, string repository, string id)
    {
        if (!_uploads.TryGetValue(id, out byte[]? data))
        {
            return new ScriptedAnswer(404);
        }

        if (request.Headers.TryGetValue("Content-Range", out string? range)
            && !range.StartsWith($"{data.Length}-", StringComparison.Ordinal))
        {
            return new ScriptedAnswer(416);
        }

        _uploads[id] = [.. data, .. request.Bytes];
        return UploadState(repository, id, 202);
    }

    private ScriptedAnswer Finish(ScriptedRequest request, string repository, string id)
    {
        ScriptedAnswer appended = Append(request, repository, id);
        bool whole = request.Bytes.Length.ToString(CultureInfo.InvariantCulture)
            == request.Headers.GetValueOrDefault("Content-Length", "0");
        if (appended.Status != 202 || !whole)
        {
            return appended;
        }

        byte[] data = _uploads[id];
        if (Digest.OfBytes(data).ToString() != request.Query("digest"))
        {
            return new ScriptedAnswer(400)
            {
                Body = """{"errors":[{"code":"DIGEST_INVALID","message":"not what was said"}]}"""u8.ToArray(),
            };
        }

        _uploads.TryRemove(id, out _);
        Add(repository, "application/octet-stream", data);
        return new ScriptedAnswer(201) { Headers = [("Docker-Content-Digest", request.Query("digest"))] };
    }

    [GeneratedRegex(
        "^/v2/(?<repository>.+?)/(?<what>manifests|blobs/uploads|blobs|referrers)/(?<name>[^/]*)$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex PathRule();

    [GeneratedRegex(
        "^bytes=(?<from>[0-9]+)-(?<end>[0-9]*)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RangeRule();
}
