using System.Text.Json.Serialization;

namespace Gantry.Distribution.Auth;

[JsonSerializable(typeof(DockerConfig.FileJson))]
internal sealed partial class DockerConfigJsonContext : JsonSerializerContext;
