using System.Text.Json.Serialization;

namespace Gantry.Distribution.Auth;

[JsonSerializable(typeof(CredentialHelper.HelperJson))]
internal sealed partial class HelperJsonContext : JsonSerializerContext;
