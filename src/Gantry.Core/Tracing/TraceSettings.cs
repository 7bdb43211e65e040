using System.Globalization;

namespace Gantry.Core.Tracing;

/// <summary>How traces are made and sent, as the variables of OpenTelemetry say it.</summary>
public sealed record TraceSettings
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";
    private const string TracesOnly = "TRACES_";
    private const string ServiceName = "service.name";
    private const int UsualTimeout = 10_000;
    private const int UsualDelay = 5_000;

    /// <summary>Where spans go: for HTTP the whole address, for gRPC that of the server.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Whether they go by gRPC, and not by HTTP.</summary>
    public bool Grpc { get; init; }

    /// <summary>What is sent beside them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>How long sending may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(UsualTimeout);

    /// <summary>How long spans wait for others to be sent with.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(UsualDelay);

    /// <summary>What is known of this process.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Resource { get; init; } = [];

    /// <summary>Which traces are kept.</summary>
    public TraceSampler Sampler { get; init; } = new(ParentBased: true, Ratio: 1);

    /// <summary>Reads the variables.</summary>
    /// <param name="variable">Tells the value of one; null when it is not set.</param>
    /// <param name="service">What this process is called unless a variable names it.</param>
    /// <param name="error">What is wrong with a variable; null when nothing is.</param>
    /// <returns>Null when there is to be no tracing: it is switched off, nobody says where to, or a variable is wrong.</returns>
    public static TraceSettings? Read(Func<string, string?> variable, string service, out string? error)
    {
        ArgumentNullException.ThrowIfNull(variable);
        error = null;
        string exporter = Value(variable, "OTEL_TRACES_EXPORTER") ?? "otlp";
        (string endpointName, string? endpoint) = OfTraces(variable, "ENDPOINT");
        if (exporter == "none" || endpoint is null
            || string.Equals(Value(variable, "OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        (string protocolName, string? protocol) = OfTraces(variable, "PROTOCOL");
        string? samplerName = Value(variable, "OTEL_TRACES_SAMPLER");
        string? argument = Value(variable, "OTEL_TRACES_SAMPLER_ARG");
        List<KeyValuePair<string, string>> attributes = Pairs(Value(variable, "OTEL_RESOURCE_ATTRIBUTES"));
        if (exporter != "otlp")
        {
            error = $"OTEL_TRACES_EXPORTER: no exporter \"{exporter}\"";
        }
        else if (protocol is not (null or "http/protobuf" or "grpc"))
        {
            error = $"{protocolName}: no protocol \"{protocol}\"";
        }
        else if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            error = $"{endpointName}: \"{endpoint}\" is not http://HOST:PORT";
        }
        else if (TraceSampler.TryParse(samplerName, argument, out TraceSampler? sampler))
        {
            bool grpc = protocol == "grpc";
            return new TraceSettings
            {
                Endpoint = grpc || endpointName == Prefix + TracesOnly + "ENDPOINT"
                    ? address
                    : new Uri(endpoint.TrimEnd('/') + "/v1/traces"),
                Grpc = grpc,
                Headers = Pairs(OfTraces(variable, "HEADERS").Value),
                Timeout = TimeSpan.FromMilliseconds(Number(OfTraces(variable, "TIMEOUT").Value, UsualTimeout)),
                Delay = TimeSpan.FromMilliseconds(Number(Value(variable, "OTEL_BSP_SCHEDULE_DELAY"), UsualDelay)),
                Resource =
                [
                    new(ServiceName, Value(variable, "OTEL_SERVICE_NAME")
                        ?? attributes.Find(pair => pair.Key == ServiceName && pair.Value.Length > 0).Value
                        ?? service),
                    .. attributes.Where(pair => pair.Key != ServiceName),
                ],
                Sampler = sampler,
            };
        }
        else
        {
            error = TraceSampler.TryParse(samplerName, argument: null, out _)
                ? $"OTEL_TRACES_SAMPLER_ARG: \"{argument}\" is not a share from 0 to 1"
                : $"OTEL_TRACES_SAMPLER: no sampler \"{samplerName}\"";
        }

        return null;
    }

    /// <summary>A variable and its value: the one for traces alone goes before the one for all.</summary>
    private static (string Name, string? Value) OfTraces(Func<string, string?> variable, string name) =>
        Value(variable, Prefix + TracesOnly + name) is { } own
            ? (Prefix + TracesOnly + name, own)
            : (Prefix + name, Value(variable, Prefix + name));

    // An empty variable is one that is not set.
    private static string? Value(Func<string, string?> variable, string name) =>
        variable(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static int Number(string? text, int usual) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : usual;

    /// <summary>A list such as <c>key=value,key=value</c>, with what would end it escaped as in addresses.</summary>
    private static List<KeyValuePair<string, string>> Pairs(string? text)
    {
        List<KeyValuePair<string, string>> pairs = [];
        foreach (string pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                pairs.Add(new(pair[..equals].Trim(), Uri.UnescapeDataString(pair[(equals + 1)..].Trim())));
            }
        }

        return pairs;
    }
}
