using Gantry.Api.Mapping;
using Gantry.Api.Services.Introspection;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Plugins;
using Gantry.Server.Plugins;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.introspection.v1.Introspection.</summary>
/// <param name="plugins">The parts of this daemon.</param>
/// <param name="uuid">The id of this root directory.</param>
internal sealed class IntrospectionService(IReadOnlyList<PluginInfo> plugins, string uuid)
    : Introspection.IntrospectionBase
{
    private const string PidNamespace = "/proc/self/ns/pid";

    /// <inheritdoc/>
    public override Task<PluginsResponse> Plugins(PluginsRequest request, ServerCallContext context)
    {
        Filter filter = Filter.Parse(request.Filters);
        PluginsResponse response = new();
        response.Plugins.AddRange(plugins
            .Where(plugin => filter.Matches(new PluginFields(plugin)))
            .Select(plugin => plugin.ToMessage()));
        return Task.FromResult(response);
    }

    /// <inheritdoc/>
    public override Task<ServerResponse> Server(Empty request, ServerCallContext context) =>
        Task.FromResult(new ServerResponse
        {
            Uuid = uuid,
            Pid = (ulong)Environment.ProcessId,
            Pidns = PidNamespaceInode(),
        });

    /// <inheritdoc/>
    public override Task<PluginInfoResponse> PluginInfo(PluginInfoRequest request, ServerCallContext context)
    {
        PluginInfo plugin = plugins.FirstOrDefault(candidate =>
            string.Equals(candidate.Type, request.Type, StringComparison.Ordinal)
            && string.Equals(candidate.Id, request.Id, StringComparison.Ordinal))
            ?? throw new GantryException(ErrorKind.NotFound, $"plugin {request.Type}.{request.Id}");
        return Task.FromResult(new PluginInfoResponse { Plugin = plugin.ToMessage() });
    }

    // The link reads pid:[4026531836].
    private static ulong PidNamespaceInode()
    {
        string target = new FileInfo(PidNamespace).LinkTarget ?? "";
        return ulong.TryParse(target.AsSpan(target.IndexOf('[') + 1).TrimEnd(']'), out ulong inode) ? inode : 0;
    }
}
