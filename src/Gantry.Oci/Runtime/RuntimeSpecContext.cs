using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Serializers of the runtime spec, made at build time.</summary>
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(SpecProcess))]
internal sealed partial class RuntimeSpecContext : JsonSerializerContext;
