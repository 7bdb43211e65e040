using Gantry.Server.Services;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gantry.Server.Hosting;

/// <summary>What the web server gives requests to.</summary>
/// <param name="table">Leads them to the methods of the services.</param>
/// <param name="provider">What the gRPC library finds what it needs in; nothing of it belongs to one request.</param>
/// <param name="calls">Is told of each request.</param>
internal sealed class ApiApplication(ServiceTable table, IServiceProvider provider, RunningCalls calls)
    : IHttpApplication<HttpContext>
{
    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        DefaultHttpContext context = new(contextFeatures) { RequestServices = provider };
        calls.Begin(context, context.Request.Path.Value ?? "");
        return context;
    }

    /// <inheritdoc/>
    public Task ProcessRequestAsync(HttpContext context) => table.InvokeAsync(context);

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception) => calls.End(context);
}
