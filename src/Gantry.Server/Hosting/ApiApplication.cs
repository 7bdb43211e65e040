using Gantry.Server.Services;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gantry.Server.Hosting;

/// <summary>What the web server gives requests to.</summary>
/// <param name="table">Leads them to the methods of the services.</param>
/// <param name="provider">What the gRPC library finds what it needs in; nothing of it belongs to one request.</param>
internal sealed class ApiApplication(ServiceTable table, IServiceProvider provider) : IHttpApplication<HttpContext>
{
    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) =>
        new DefaultHttpContext(contextFeatures) { RequestServices = provider };

    /// <inheritdoc/>
    public Task ProcessRequestAsync(HttpContext context) => table.InvokeAsync(context);

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // It holds nothing that must be given back.
    }
}
