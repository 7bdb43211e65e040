using System.Diagnostics;

namespace Gantry.Core.Tracing;

/// <summary>
/// Where the spans of a call begin, in the client, the daemon and the shim. While nobody listens, nothing is made: each of these
/// returns null.
/// </summary>
public static class Traces
{
    /// <summary>The header of gRPC, and the metadata of ttrpc, that a span's parent is told in. See W3C Trace Context.</summary>
    public const string Header = "traceparent";

    /// <summary>What makes the spans.</summary>
    public static readonly ActivitySource Source = new("Gantry");

    /// <summary>Whether anybody listens.</summary>
    public static bool Enabled => Source.HasListeners();

    /// <summary>Begins a span for a piece of work of this process, within the one that goes on; without one there is none.</summary>
    /// <param name="name">What is done.</param>
    public static Activity? Start(string name) =>
        Activity.Current is null ? null : Source.StartActivity(name);

    /// <summary>Begins a span for a call to another process, within the one that goes on; without one there is none.</summary>
    /// <param name="path">The call, <c>/SERVICE/METHOD</c>.</param>
    public static Activity? StartClient(string path) =>
        Activity.Current is null ? null : Described(Source.StartActivity(NameOf(path), ActivityKind.Client), path);

    /// <summary>Begins a span for a call that came.</summary>
    /// <param name="path">The call, <c>/SERVICE/METHOD</c>.</param>
    /// <param name="parent">What its header says; null when it has none.</param>
    public static Activity? StartServer(string path, string? parent)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        _ = ActivityContext.TryParse(parent, traceState: null, isRemote: true, out ActivityContext context);
        return Described(Source.StartActivity(NameOf(path), ActivityKind.Server, context), path);
    }

    /// <summary>Notes why the work of a span failed.</summary>
    /// <param name="span">The span; null for none.</param>
    /// <param name="failure">Why.</param>
    public static void Fail(Activity? span, string failure) => span?.SetStatus(ActivityStatusCode.Error, failure);

    private static string NameOf(string path) => path.TrimStart('/');

    private static Activity? Described(Activity? span, string path)
    {
        if (span is { IsAllDataRequested: true })
        {
            int slash = path.LastIndexOf('/');
            span.SetTag("rpc.service", path[..slash].TrimStart('/'));
            span.SetTag("rpc.method", path[(slash + 1)..]);
        }

        return span;
    }
}
