using System.Text.Json.Serialization;

namespace Gantry.Distribution.Auth;

[JsonSerializable(typeof(TokenResponse))]
internal sealed partial class TokenJsonContext : JsonSerializerContext;
