using System.Text.Json.Serialization;

namespace Gantry.Oci.Distribution;

[JsonSerializable(typeof(RegistryErrors.BodyJson))]
internal sealed partial class RegistryErrorsJsonContext : JsonSerializerContext;
