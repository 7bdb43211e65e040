using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gantry.Server.Debugging;

/// <summary>
/// Answers on the debug socket: <c>/debug/vars</c> with figures as JSON, <c>/debug/dump</c> with the report as text. What
/// containerd has below <c>/debug/pprof</c> are profiles of a Go program; of those, only the dump of what goes on has an answer.
/// </summary>
/// <param name="report">What is told.</param>
internal sealed class DebugApplication(DebugReport report) : IHttpApplication<HttpContext>
{
    private const string Text = "text/plain; charset=utf-8";

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        (int status, string type, ReadOnlyMemory<byte> body) = Answer(context.Request);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // It holds nothing that must be given back.
    }

    private static (int Status, string Type, ReadOnlyMemory<byte> Body) Say(int status, string text) =>
        (status, Text, Encoding.UTF8.GetBytes(text + "\n"));

    private (int Status, string Type, ReadOnlyMemory<byte> Body) Answer(HttpRequest request)
    {
        string path = request.Path.Value ?? "";
        if (request.Method is not "GET")
        {
            return Say(StatusCodes.Status405MethodNotAllowed, "only GET is answered here");
        }

        return path switch
        {
            "/debug/vars" => (StatusCodes.Status200OK, "application/json", report.Figures()),
            "/debug/dump" or "/debug/pprof/goroutine" => Say(StatusCodes.Status200OK, string.Join('\n', report.Lines())),
            _ when path.StartsWith("/debug/pprof", StringComparison.Ordinal) => Say(
                StatusCodes.Status501NotImplemented,
                "this daemon is no Go program, and has no pprof profiles; /debug/vars has figures, /debug/dump what goes on, "
                + "and perf(1) makes profiles of it"),
            _ => Say(StatusCodes.Status404NotFound, "there are /debug/vars and /debug/dump"),
        };
    }
}
