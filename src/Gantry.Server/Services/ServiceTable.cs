using System.Collections.Concurrent;
using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Gantry.Server.Services;

/// <summary>
/// Leads each call to the method that its path names, <c>/SERVICE/METHOD</c>. The methods of a service are collected when it
/// is first called, which takes longer than all else of a daemon's start: it pays only for the services that its clients use.
/// </summary>
/// <param name="provider">The host's services.</param>
internal sealed class ServiceTable(IServiceProvider provider)
{
    private const string ContentType = "application/grpc";

    private readonly Dictionary<string, Action<IEndpointRouteBuilder>> _services = new(StringComparer.Ordinal);

    // Of the services that were called.
    private readonly ConcurrentDictionary<string, RequestDelegate> _methods = new(StringComparer.Ordinal);

    // Guards _collected, and the collecting: the gRPC library keeps a list of all methods that it does not guard.
    private readonly Lock _gate = new();
    private readonly HashSet<string> _collected = new(StringComparer.Ordinal);

    /// <summary>Adds a service.</summary>
    /// <param name="service">Its full name.</param>
    /// <param name="map">Maps it; of two methods of one name the later counts.</param>
    public void Add(string service, Action<IEndpointRouteBuilder> map) => _services.Add(service, map);

    /// <summary>Takes a service out, if it is there.</summary>
    /// <param name="service">Its full name.</param>
    public void Remove(string service) => _services.Remove(service);

    /// <summary>Answers a call.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (_methods.TryGetValue(path, out RequestDelegate? method))
        {
            return method(context);
        }

        // As gRPC for Go has it, a path of more parts names a service with a slash.
        int end = path.LastIndexOf('/');
        string service = end > 0 ? path[1..end] : "";
        if (!_services.TryGetValue(service, out Action<IEndpointRouteBuilder>? map))
        {
            return Refuse(context, $"unknown service {service}");
        }

        Collect(service, map);
        return _methods.TryGetValue(path, out method)
            ? method(context)
            : Refuse(context, $"unknown method {path[(end + 1)..]} for service {service}");
    }

    private void Collect(string service, Action<IEndpointRouteBuilder> map)
    {
        lock (_gate)
        {
            if (!_collected.Add(service))
            {
                return;
            }

            Routes routes = new(provider);
            map(routes);
            foreach (Endpoint endpoint in routes.DataSources.SelectMany(source => source.Endpoints))
            {
                // What the library adds to answer for methods that are none has no such metadata.
                if (endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is { } metadata)
                {
                    _methods[metadata.Method.FullName] = endpoint.RequestDelegate!;
                }
            }
        }
    }

    private static Task Refuse(HttpContext context, string message)
    {
        HttpResponse response = context.Response;
        if (context.Request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) is not true)
        {
            response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return Task.CompletedTask;
        }

        response.ContentType = ContentType;
        response.Headers["grpc-status"] = ((int)StatusCode.Unimplemented).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(message).Replace("%20", " ", StringComparison.Ordinal);
        return Task.CompletedTask;
    }

    private sealed class Routes(IServiceProvider provider) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => provider;

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(provider);
    }
}
