using Gantry.Api.Services.Introspection;
using Gantry.Core.Errors;
using Gantry.Core.Plugins;
using Grpc.Core;

namespace Gantry.Api.Mapping;

/// <summary>Parts of the daemon.</summary>
public static class PluginMapping
{
    /// <summary>The part as a message.</summary>
    /// <param name="plugin">The part.</param>
    public static Plugin ToMessage(this PluginInfo plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        Plugin message = new()
        {
            Type = plugin.Type,
            Id = plugin.Id,
            Requires = { plugin.Requires },
            Platforms = { plugin.Platforms.Select(PlatformMapping.ToMessage) },
            Capabilities = { plugin.Capabilities },
            InitErr = plugin.InitError is null
                ? null
                : new Google.Rpc.Status { Code = (int)StatusCode.Unknown, Message = plugin.InitError },
        };
        message.Exports.Fill(plugin.Exports);
        return message;
    }

    /// <summary>The part as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static PluginInfo ToRecord(this Plugin? message)
    {
        message = Required.Message(message, "plugin");
        return new PluginInfo(message.Type, message.Id)
        {
            Requires = [.. message.Requires],
            Platforms = [.. message.Platforms.Select(PlatformMapping.ToRecord)],
            Exports = message.Exports.ToRecord(),
            Capabilities = [.. message.Capabilities],
            InitError = message.InitErr?.Message,
        };
    }
}
