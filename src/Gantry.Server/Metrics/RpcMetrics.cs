using System.Collections.Concurrent;

namespace Gantry.Server.Metrics;

/// <summary>What is counted of the calls of the API. A method is told of from its first call on.</summary>
internal sealed class RpcMetrics
{
    // containerd's buckets are some of these.
    private static readonly double[] TheirBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly byte[][] CodeLabels = [.. Enumerable.Range(0, RpcMethod.Codes).Select(RpcMethod.CodeLabel)];

    private readonly ConcurrentDictionary<string, RpcMethod> _methods = new(StringComparer.Ordinal);

    /// <summary>A method, a call of which begins.</summary>
    /// <param name="path">Its path, <c>/SERVICE/METHOD</c>.</param>
    /// <param name="kind">What its calls send.</param>
    public RpcMethod Begin(string path, RpcKind kind)
    {
        RpcMethod method = _methods.GetOrAdd(path, static (path, kind) => new RpcMethod(path, kind), kind);
        method.Begin();
        return method;
    }

    /// <summary>Writes what was counted.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="theirHistogram">Whether to write latencies under containerd's name too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WriteAsync(Exposition to, bool theirHistogram, CancellationToken cancellationToken)
    {
        RpcMethod[] methods = [.. _methods.Values.OrderBy(method => method.Path, StringComparer.Ordinal)];
        WriteCounts(to, methods);
        await to.FlushAsync(cancellationToken);
        Begin(to, "gantry_rpc_duration_seconds", "How long calls of the API took");
        foreach (RpcMethod method in methods)
        {
            to.Histogram("gantry_rpc_duration_seconds", method.OwnLabels, RpcMethod.Bounds, method.Buckets, method.Seconds);
            await to.FlushAsync(cancellationToken);
        }

        if (theirHistogram)
        {
            const string name = "grpc_server_handling_seconds";
            Begin(to, name, "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server");
            foreach (RpcMethod method in methods)
            {
                to.Histogram(name, method.Labels, TheirBounds, Theirs(method.Buckets), method.Seconds);
                await to.FlushAsync(cancellationToken);
            }
        }
    }

    private static void Begin(Exposition to, string name, string help) =>
        to.Begin(System.Text.Encoding.UTF8.GetBytes(name), MetricKind.Histogram, help);

    private static void WriteCounts(Exposition to, RpcMethod[] methods)
    {
        to.Begin("grpc_server_started_total"u8, MetricKind.Counter, "Total number of RPCs started on the server");
        foreach (RpcMethod method in methods)
        {
            to.Sample("grpc_server_started_total"u8, method.Labels, method.Started);
        }

        to.Begin("grpc_server_handled_total"u8, MetricKind.Counter, "Total number of RPCs completed on the server, by code");
        foreach (RpcMethod method in methods)
        {
            for (int code = 0; code < RpcMethod.Codes; code++)
            {
                if (method.Handled[code] > 0 || code == 0)
                {
                    to.Sample("grpc_server_handled_total"u8, method.Labels, CodeLabels[code], (ulong)method.Handled[code]);
                }
            }
        }

        to.Begin("grpc_server_msg_received_total"u8, MetricKind.Counter, "Total number of RPC messages received on the server");
        foreach (RpcMethod method in methods)
        {
            to.Sample("grpc_server_msg_received_total"u8, method.Labels, method.Received);
        }

        to.Begin("grpc_server_msg_sent_total"u8, MetricKind.Counter, "Total number of RPC messages sent by the server");
        foreach (RpcMethod method in methods)
        {
            to.Sample("grpc_server_msg_sent_total"u8, method.Labels, method.Sent);
        }
    }

    private static long[] Theirs(ReadOnlySpan<long> buckets)
    {
        long[] counts = new long[TheirBounds.Length + 1];
        int bucket = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            counts[bucket] += buckets[i];
            if (bucket < TheirBounds.Length && i < RpcMethod.Bounds.Length && RpcMethod.Bounds[i] >= TheirBounds[bucket])
            {
                bucket++;
            }
        }

        return counts;
    }
}
