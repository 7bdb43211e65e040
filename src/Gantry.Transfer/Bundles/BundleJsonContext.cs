using System.Text.Json.Serialization;

namespace Gantry.Transfer.Bundles;

/// <summary>The file <c>bundle.json</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BundleRecord))]
internal sealed partial class BundleJsonContext : JsonSerializerContext;
