using Gantry.Core.Tracing;
using Xunit;

namespace Gantry.Core.Tests.Tracing;

public sealed class TraceSettingsTests
{
    [Theory]
    [InlineData("http://c:4318", "", "", "http://c:4318/v1/traces", false)]
    [InlineData("http://c:4318/base/", "", "http/protobuf", "http://c:4318/base/v1/traces", false)]
    [InlineData("http://c:4318", "http://t/own", "", "http://t/own", false)]
    [InlineData("http://c:4317", "", "grpc", "http://c:4317/", true)]
    public void Spans_go_where_the_variables_say(string general, string own, string protocol, string expected, bool grpc)
    {
        TraceSettings? settings = Read(
            out string? error,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", general),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol));

        Assert.Null(error);
        Assert.Equal((expected, grpc), (settings!.Endpoint.ToString(), settings.Grpc));
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "TRUE")]
    [InlineData("OTEL_TRACES_EXPORTER", "none")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    public void Nothing_is_traced_when_a_variable_says_so(string name, string value)
    {
        Assert.Null(Read(out string? error, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), (name, value)));
        Assert.Null(error);
    }

    [Theory]
    [InlineData("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER: no exporter \"zipkin\"")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL: no protocol \"http/json\"")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4318", "OTEL_EXPORTER_OTLP_ENDPOINT: \"c:4318\" is not http://HOST:PORT")]
    [InlineData("OTEL_TRACES_SAMPLER", "dice", "OTEL_TRACES_SAMPLER: no sampler \"dice\"")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "2", "OTEL_TRACES_SAMPLER_ARG: \"2\" is not a share from 0 to 1")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "x", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: no protocol \"x\"")]
    [InlineData(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: \"c:1\" is not http://HOST:PORT")]
    public void A_wrong_variable_is_told(string name, string value, string expected)
    {
        Assert.Null(Read(
            out string? error,
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            (name, value)));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void Names_headers_and_times_are_read()
    {
        TraceSettings settings = Read(
            out _,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1, b=x%20y,bad"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_SERVICE_NAME", "mine"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,zone=z"))!;

        Assert.Equal(["a=1", "b=x y"], settings.Headers.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(["service.name=mine", "zone=z"], settings.Resource.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(TimeSpan.FromMilliseconds(250), settings.Timeout);
    }

    [Fact]
    public void The_name_of_the_service_may_be_among_the_attributes()
    {
        TraceSettings settings = Read(
            out _,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            ("OTEL_RESOURCE_ATTRIBUTES", "zone=z,service.name=other"))!;

        Assert.Equal(["service.name=other", "zone=z"], settings.Resource.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Theory]
    [InlineData(null, null, true, 1)]
    [InlineData("always_off", null, false, 0)]
    [InlineData("parentbased_traceidratio", "0.25", true, 0.25)]
    public void Samplers_are_known_by_their_names(string? name, string? argument, bool based, double ratio)
    {
        Assert.True(TraceSampler.TryParse(name, argument, out TraceSampler? sampler));
        Assert.Equal(new TraceSampler(based, ratio), sampler);
    }

    private static TraceSettings? Read(out string? error, params (string Name, string Value)[] variables) =>
        TraceSettings.Read(
            name => variables.LastOrDefault(variable => variable.Name == name).Value, "gantryd", out error);
}
