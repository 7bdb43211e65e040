using System.Diagnostics;

namespace Gantry.Core.Tracing;

/// <summary>
/// Writes spans as the message <c>ExportTraceServiceRequest</c> of OTLP. See
/// <see href="https://opentelemetry.io/docs/specs/otlp/"/>.
/// </summary>
internal static class SpanEncoder
{
    private const int ErrorStatus = 2;
    private const long NanosecondsPerTick = 100;

    /// <summary>The message.</summary>
    /// <param name="spans">The spans.</param>
    /// <param name="resource">What is known of the process.</param>
    public static byte[] Encode(IReadOnlyList<Activity> spans, IReadOnlyList<KeyValuePair<string, string>> resource)
    {
        MessageBytes attributes = new();
        foreach ((string key, string value) in resource)
        {
            attributes.Add(1, Pair(key, value));
        }

        MessageBytes scope = new();
        scope.Add(1, Traces.Source.Name);

        // ScopeSpans
        MessageBytes scoped = new();
        scoped.Add(1, scope);
        foreach (Activity span in spans)
        {
            scoped.Add(2, Span(span));
        }

        // ResourceSpans
        MessageBytes of = new();
        of.Add(1, attributes);
        of.Add(2, scoped);
        MessageBytes request = new();
        request.Add(1, of);
        return request.ToArray();
    }

    private static MessageBytes Span(Activity activity)
    {
        Span<byte> id = stackalloc byte[16];
        MessageBytes span = new();
        activity.TraceId.CopyTo(id);
        span.Add(1, id);
        activity.SpanId.CopyTo(id[..8]);
        span.Add(2, id[..8]);
        if (activity.TraceStateString is { Length: > 0 } state)
        {
            span.Add(3, state);
        }

        if (activity.ParentSpanId != default)
        {
            activity.ParentSpanId.CopyTo(id[..8]);
            span.Add(4, id[..8]);
        }

        span.Add(5, activity.DisplayName);

        // Theirs begin with «unspecified».
        span.AddNumber(6, (ulong)activity.Kind + 1);
        span.AddFixed(7, Nanoseconds(activity.StartTimeUtc));
        span.AddFixed(8, Nanoseconds(activity.StartTimeUtc + activity.Duration));
        foreach ((string key, object? value) in activity.TagObjects)
        {
            span.Add(9, Pair(key, value?.ToString() ?? ""));
        }

        if (activity.Status is ActivityStatusCode.Error)
        {
            MessageBytes status = new();
            status.Add(2, activity.StatusDescription ?? "");
            status.AddNumber(3, ErrorStatus);
            span.Add(15, status);
        }

        return span;
    }

    private static MessageBytes Pair(string key, string value)
    {
        MessageBytes text = new();
        text.Add(1, value);
        MessageBytes pair = new();
        pair.Add(1, key);
        pair.Add(2, text);
        return pair;
    }

    private static ulong Nanoseconds(DateTime time) => (ulong)((time - DateTime.UnixEpoch).Ticks * NanosecondsPerTick);
}
