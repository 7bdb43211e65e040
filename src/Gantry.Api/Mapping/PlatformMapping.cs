using Gantry.Core.Errors;
using Platform = Gantry.Oci.Image.Platform;

namespace Gantry.Api.Mapping;

/// <summary>Platforms.</summary>
public static class PlatformMapping
{
    /// <summary>The platform as a message.</summary>
    /// <param name="platform">The platform.</param>
    public static Types.Platform ToMessage(this Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return new Types.Platform
        {
            Os = platform.Os,
            Architecture = platform.Architecture,
            Variant = platform.Variant,
            OsVersion = platform.OsVersion,
            OsFeatures = { platform.OsFeatures },
        };
    }

    /// <summary>The platform as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static Platform ToRecord(this Types.Platform? message)
    {
        message = Required.Message(message, "platform");
        return new Platform(message.Os, message.Architecture, message.Variant)
        {
            OsVersion = message.OsVersion,
            OsFeatures = [.. message.OsFeatures],
        };
    }
}
