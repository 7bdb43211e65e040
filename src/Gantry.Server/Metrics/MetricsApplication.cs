using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gantry.Server.Metrics;

/// <summary>Answers <c>GET /v1/metrics</c>.</summary>
/// <param name="source">What is told.</param>
internal sealed class MetricsApplication(MetricsSource source) : IHttpApplication<HttpContext>
{
    private const string Path = "/v1/metrics";

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public Task ProcessRequestAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Path != Path)
        {
            return AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found\n");
        }

        bool head = HttpMethods.IsHead(request.Method);
        return head || HttpMethods.IsGet(request.Method)
            ? ScrapeAsync(context, head)
            : AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, "405 method not allowed\n");
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // It holds nothing that must be given back.
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private async Task ScrapeAsync(HttpContext context, bool head)
    {
        bool openMetrics = context.Request.Headers.Accept.ToString()
            .Contains("application/openmetrics-text", StringComparison.Ordinal);
        using Exposition to = new(context.Response.BodyWriter, openMetrics);
        context.Response.ContentType = to.ContentType;
        if (head)
        {
            return;
        }

        try
        {
            await source.WriteAsync(to, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // Whoever asked has gone, or reads too slowly: half an answer must not look like a whole one.
            context.Abort();
        }
    }
}
