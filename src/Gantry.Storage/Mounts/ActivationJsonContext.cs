using System.Text.Json.Serialization;
using Gantry.Core.Mounts;

namespace Gantry.Storage.Mounts;

/// <summary>The stored form of what was mounted.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ActivatedMounts))]
internal sealed partial class ActivationJsonContext : JsonSerializerContext;
