namespace Gantry.Oci.Image;

/// <summary>JSON as it comes: everything may be missing. <see cref="OciJson"/> makes checked records of it.</summary>
internal static class OciWire
{
    internal sealed class DescriptorJson
    {
        public string? MediaType { get; set; }

        public string? Digest { get; set; }

        public long? Size { get; set; }

        public Dictionary<string, string?>? Annotations { get; set; }

        public PlatformJson? Platform { get; set; }

        public List<string?>? Urls { get; set; }

        public string? ArtifactType { get; set; }
    }

    internal sealed class PlatformJson
    {
        public string? Architecture { get; set; }

        public string? Os { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("os.version")]
        public string? OsVersion { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("os.features")]
        public List<string?>? OsFeatures { get; set; }

        public string? Variant { get; set; }
    }

    /// <summary>Manifest and index in one, so that a document that claims to be both is seen.</summary>
    internal sealed class ManifestJson
    {
        public int? SchemaVersion { get; set; }

        public string? MediaType { get; set; }

        public string? ArtifactType { get; set; }

        public DescriptorJson? Config { get; set; }

        public List<DescriptorJson?>? Layers { get; set; }

        public List<DescriptorJson?>? Manifests { get; set; }

        public System.Text.Json.JsonElement? FsLayers { get; set; }

        public DescriptorJson? Subject { get; set; }

        public Dictionary<string, string?>? Annotations { get; set; }
    }

    internal sealed class ConfigJson
    {
        public string? Created { get; set; }

        public string? Author { get; set; }

        public string? Architecture { get; set; }

        public string? Os { get; set; }

        public string? Variant { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("os.version")]
        public string? OsVersion { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("os.features")]
        public List<string?>? OsFeatures { get; set; }

        public RootFsJson? Rootfs { get; set; }

        public ContainerJson? Config { get; set; }

        public List<HistoryJson?>? History { get; set; }
    }

    internal sealed class RootFsJson
    {
        public string? Type { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("diff_ids")]
        public List<string?>? DiffIds { get; set; }
    }

    internal sealed class ContainerJson
    {
        [System.Text.Json.Serialization.JsonPropertyName("User")]
        public string? User { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("Env")]
        public List<string?>? Env { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("Entrypoint")]
        public List<string?>? Entrypoint { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("Cmd")]
        public List<string?>? Cmd { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("WorkingDir")]
        public string? WorkingDir { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("ExposedPorts")]
        public Dictionary<string, System.Text.Json.JsonElement>? ExposedPorts { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("Volumes")]
        public Dictionary<string, System.Text.Json.JsonElement>? Volumes { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("Labels")]
        public Dictionary<string, string?>? Labels { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("StopSignal")]
        public string? StopSignal { get; set; }
    }

    internal sealed class HistoryJson
    {
        public string? Created { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("created_by")]
        public string? CreatedBy { get; set; }

        public string? Author { get; set; }

        public string? Comment { get; set; }

        [System.Text.Json.Serialization.JsonPropertyName("empty_layer")]
        public bool? EmptyLayer { get; set; }
    }
}
