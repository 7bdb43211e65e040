using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Serializers of the runtime spec, made at build time.</summary>
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(SpecHooks))]
[JsonSerializable(typeof(SpecProcess))]
[JsonSerializable(typeof(SpecResources))]
[JsonSerializable(typeof(SpecSeccomp))]
internal sealed partial class RuntimeSpecContext : JsonSerializerContext;
