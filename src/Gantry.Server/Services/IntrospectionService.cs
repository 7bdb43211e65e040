using Gantry.Api;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Introspection;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Plugins;
using Gantry.Server.Config;
using Gantry.Server.Plugins;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.introspection.v1.Introspection.</summary>
/// <param name="plugins">The parts of this daemon.</param>
/// <param name="uuid">The id of this root directory.</param>
/// <param name="deprecations">What will be gone one day.</param>
/// <param name="started">When the daemon found them in use.</param>
/// <param name="runtime">Asks a runtime, by its name and options, what it is.</param>
internal sealed class IntrospectionService(
    IReadOnlyList<PluginInfo> plugins,
    string uuid,
    IReadOnlyList<Deprecation> deprecations,
    DateTimeOffset started,
    Func<string, Any?, CancellationToken, Task<RuntimeInfo>> runtime)
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
            Deprecations =
            {
                deprecations.Select(deprecation => new DeprecationWarning
                {
                    Id = deprecation.Id,
                    Message = deprecation.Message,
                    LastOccurrence = Timestamp.FromDateTimeOffset(started),
                }),
            },
        });

    /// <inheritdoc/>
    public override async Task<PluginInfoResponse> PluginInfo(PluginInfoRequest request, ServerCallContext context)
    {
        PluginInfo plugin = plugins.FirstOrDefault(candidate =>
            string.Equals(candidate.Type, request.Type, StringComparison.Ordinal)
            && string.Equals(candidate.Id, request.Id, StringComparison.Ordinal))
            ?? throw new GantryException(ErrorKind.NotFound, $"plugin {request.Type}.{request.Id}");
        PluginInfoResponse response = new() { Plugin = plugin.ToMessage() };
        if (request.Options is not null)
        {
            response.Extra = TypeUrl.PackAny(await RuntimeAsync(plugin, request.Options, context.CancellationToken));
        }

        return response;
    }

    private Task<RuntimeInfo> RuntimeAsync(PluginInfo plugin, Any options, CancellationToken cancellationToken)
    {
        if (plugin is not { Type: "io.containerd.runtime.v2", Id: "task" })
        {
            throw new GantryException(ErrorKind.NotImplemented, $"plugin {plugin.Type}.{plugin.Id} tells no more of itself");
        }

        return TypeUrl.TryUnpack(options, out RuntimeRequest? request)
            ? runtime(request.RuntimePath, request.Options, cancellationToken)
            : throw new GantryException(ErrorKind.InvalidArgument, $"options of type {options.TypeUrl}, and no RuntimeRequest");
    }

    // The link reads pid:[4026531836].
    private static ulong PidNamespaceInode()
    {
        string target = new FileInfo(PidNamespace).LinkTarget ?? "";
        return ulong.TryParse(target.AsSpan(target.IndexOf('[') + 1).TrimEnd(']'), out ulong inode) ? inode : 0;
    }
}
