using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Oci.Image;

/// <summary>
/// Reads manifests, indexes and configs as they came over the wire. Fields that are not known are passed over. What is
/// wrong or ambiguous is a <see cref="FormatException"/> whose message says where.
/// </summary>
public static class OciJson
{
    /// <summary>The greatest manifest or index in bytes; containerd has the same limit.</summary>
    public const int MaxManifestBytes = 4 * 1048 * 1048;

    /// <summary>The greatest config in bytes.</summary>
    public const int MaxConfigBytes = 16 * 1024 * 1024;

    /// <summary>Reads the manifest of one image.</summary>
    /// <param name="utf8">The document.</param>
    /// <exception cref="FormatException">It is no such manifest.</exception>
    public static ImageManifest ParseManifest(ReadOnlySpan<byte> utf8)
    {
        OciWire.ManifestJson json = Read(
            utf8, MaxManifestBytes, "manifest", OciImageJsonContext.Default.ManifestJson);
        RefuseAmbiguous(json);
        if (json.Manifests is not null || MediaTypes.IsIndex(json.MediaType ?? ""))
        {
            throw new FormatException("manifest: it is an index");
        }

        if (json.Config is null)
        {
            throw new FormatException("manifest: config is missing");
        }

        return new ImageManifest(json.MediaType ?? "", ToDescriptor(json.Config, "config"), ToDescriptors(json.Layers, "layers"))
        {
            Annotations = ToDictionary(json.Annotations),
            ArtifactType = json.ArtifactType,
            Subject = json.Subject is null ? null : ToDescriptor(json.Subject, "subject"),
        };
    }

    /// <summary>Reads an index.</summary>
    /// <param name="utf8">The document.</param>
    /// <exception cref="FormatException">It is no index.</exception>
    public static ImageIndex ParseIndex(ReadOnlySpan<byte> utf8)
    {
        OciWire.ManifestJson json = Read(utf8, MaxManifestBytes, "index", OciImageJsonContext.Default.ManifestJson);
        RefuseAmbiguous(json);
        if (json.Config is not null || json.Layers is not null || MediaTypes.IsManifest(json.MediaType ?? ""))
        {
            throw new FormatException("index: it is a manifest");
        }

        return new ImageIndex(json.MediaType ?? "", ToDescriptors(json.Manifests, "manifests"))
        {
            Annotations = ToDictionary(json.Annotations),
            ArtifactType = json.ArtifactType,
            Subject = json.Subject is null ? null : ToDescriptor(json.Subject, "subject"),
        };
    }

    /// <summary>Reads the config of an image.</summary>
    /// <param name="utf8">The document.</param>
    /// <exception cref="FormatException">It is no config.</exception>
    public static ImageConfig ParseConfig(ReadOnlySpan<byte> utf8)
    {
        OciWire.ConfigJson json = Read(utf8, MaxConfigBytes, "config", OciImageJsonContext.Default.ConfigJson);
        List<Digest> diffIds = [];
        foreach (string? text in json.Rootfs?.DiffIds ?? [])
        {
            diffIds.Add(ToDigest(text, "config: rootfs.diff_ids"));
        }

        OciWire.ContainerJson container = json.Config ?? new OciWire.ContainerJson();
        return new ImageConfig(
            new Platform(json.Os ?? "", json.Architecture ?? "", json.Variant ?? "")
            {
                OsVersion = json.OsVersion ?? "",
                OsFeatures = ToStrings(json.OsFeatures, "config: os.features"),
            },
            diffIds)
        {
            Created = ToTime(json.Created),
            Author = json.Author ?? "",
            Config = ToDefaults(container),
            History = [.. (json.History ?? []).Where(h => h is not null).Select(h => ToHistory(h!))],
        };
    }

    /// <summary>
    /// What a document is, by its own word or, when it has none, by its shape; null when it is neither manifest nor
    /// index.
    /// </summary>
    /// <param name="utf8">The document.</param>
    /// <exception cref="FormatException">It is no JSON object, or ambiguous.</exception>
    public static string? DetectMediaType(ReadOnlySpan<byte> utf8)
    {
        OciWire.ManifestJson json = Read(
            utf8, MaxManifestBytes, "manifest", OciImageJsonContext.Default.ManifestJson);
        RefuseAmbiguous(json);
        return json switch
        {
            { MediaType: { Length: > 0 } said } => said,
            { FsLayers: not null } => MediaTypes.DockerSchema1,
            { SchemaVersion: 1 } => MediaTypes.DockerSchema1,
            { Manifests: not null } => MediaTypes.OciIndex,
            { Config: not null } => MediaTypes.OciManifest,
            _ => null,
        };
    }

    private static T Read<T>(ReadOnlySpan<byte> utf8, int limit, string what, JsonTypeInfo<T> type)
        where T : class
    {
        if (utf8.Length > limit)
        {
            throw new FormatException($"{what}: {utf8.Length} bytes, greater than the limit of {limit}");
        }

        try
        {
            return JsonSerializer.Deserialize(utf8, type) ?? throw new FormatException($"{what}: null");
        }
        catch (JsonException e)
        {
            throw new FormatException(
                $"{what}: invalid JSON at line {e.LineNumber ?? 0}, byte {e.BytePositionInLine ?? 0} ({e.Path ?? "$"})", e);
        }
    }

    private static void RefuseAmbiguous(OciWire.ManifestJson json)
    {
        if (json.Manifests is not null && (json.Layers is not null || json.Config is not null))
        {
            throw new FormatException("manifest: ambiguous: it has manifests as well as config or layers");
        }

        if (json.FsLayers is not null && (json.Manifests is not null || json.Layers is not null || json.Config is not null))
        {
            throw new FormatException("manifest: ambiguous: it has fsLayers as well as config, layers or manifests");
        }
    }

    private static List<Descriptor> ToDescriptors(List<OciWire.DescriptorJson?>? list, string where)
    {
        List<Descriptor> descriptors = [];
        foreach (OciWire.DescriptorJson? json in list ?? [])
        {
            string here = $"{where}[{descriptors.Count}]";
            descriptors.Add(ToDescriptor(json ?? throw new FormatException($"{here}: null"), here));
        }

        return descriptors;
    }

    private static Descriptor ToDescriptor(OciWire.DescriptorJson json, string where)
    {
        if (string.IsNullOrEmpty(json.MediaType))
        {
            throw new FormatException($"{where}: mediaType is missing");
        }

        if (json.Size is null or < 0)
        {
            throw new FormatException($"{where}: size is missing or negative");
        }

        return new Descriptor(json.MediaType, ToDigest(json.Digest, where), json.Size.Value)
        {
            Annotations = ToDictionary(json.Annotations),
            Urls = ToStrings(json.Urls, $"{where}.urls"),
            ArtifactType = json.ArtifactType,
            Platform = json.Platform is null ? null : ToPlatform(json.Platform, where),
        };
    }

    private static Platform ToPlatform(OciWire.PlatformJson json, string where) =>
        new(json.Os ?? "", json.Architecture ?? "", json.Variant ?? "")
        {
            OsVersion = json.OsVersion ?? "",
            OsFeatures = ToStrings(json.OsFeatures, $"{where}.platform.os.features"),
        };

    private static ContainerDefaults ToDefaults(OciWire.ContainerJson json) => new()
    {
        User = json.User ?? "",
        Env = ToStrings(json.Env, "config: Env"),
        Entrypoint = ToStrings(json.Entrypoint, "config: Entrypoint"),
        Cmd = ToStrings(json.Cmd, "config: Cmd"),
        WorkingDir = json.WorkingDir ?? "",
        ExposedPorts = [.. json.ExposedPorts?.Keys ?? Enumerable.Empty<string>()],
        Volumes = [.. json.Volumes?.Keys ?? Enumerable.Empty<string>()],
        Labels = ToDictionary(json.Labels),
        StopSignal = json.StopSignal ?? "",
    };

    private static ImageHistory ToHistory(OciWire.HistoryJson json) => new(
        json.CreatedBy ?? "",
        json.Comment ?? "",
        json.Author ?? "",
        ToTime(json.Created),
        json.EmptyLayer ?? false);

    private static Digest ToDigest(string? text, string where) =>
        Digest.TryParse(text, out Digest digest)
            ? digest
            : throw new FormatException($"{where}: invalid digest \"{text}\"");

    private static List<string> ToStrings(List<string?>? list, string where)
    {
        List<string> strings = [];
        foreach (string? text in list ?? [])
        {
            strings.Add(text ?? throw new FormatException($"{where}[{strings.Count}]: null"));
        }

        return strings;
    }

    private static IReadOnlyDictionary<string, string> ToDictionary(Dictionary<string, string?>? dictionary) =>
        dictionary is null or { Count: 0 }
            ? ImmutableDictionary<string, string>.Empty
            : dictionary.ToDictionary(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal);

    // A date that can't be read is no reason to refuse an image.
    private static DateTimeOffset? ToTime(string? text) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;
}
