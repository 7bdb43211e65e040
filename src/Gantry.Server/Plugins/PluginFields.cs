using Gantry.Core.Filters;
using Gantry.Core.Plugins;

namespace Gantry.Server.Plugins;

/// <summary>What filters see of a plugin: type, id, platforms, capabilities.</summary>
internal sealed class PluginFields(PluginInfo plugin) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        value = "";
        if (path.Length != 1)
        {
            return false;
        }

        switch (path[0])
        {
            case "type":
                value = plugin.Type;
                return value.Length > 0;
            case "id":
                value = plugin.Id;
                return value.Length > 0;
            case "platforms":
                value = string.Join(',', plugin.Platforms);
                return value.Length > 0;
            case "capabilities":
                value = string.Join(',', plugin.Capabilities);
                return value.Length > 0;
            default:
                return false;
        }
    }
}
