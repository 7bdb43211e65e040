using Gantry.Api.Runtime.Bootstrap;
using Gantry.Shim.Logging;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Shim.Bundles;

/// <summary>
/// What the daemon gives the command <c>start</c> on standard input, and how it wants the answer. Up to 2.2 that is nothing
/// or the runtime's options as an Any, from 2.3 on it is BootstrapParams.
/// </summary>
internal sealed record Bootstrap
{
    private const int LastFieldOfAny = 2;

    /// <summary>The highest version of the task API that this shim serves.</summary>
    private const int ApiVersion = 3;

    private const string Protocol = "ttrpc";

    public BootstrapParams? Parameters { get; private init; }

    public RuntimeOptions Options { get; private init; } = new();

    public string SocketDirectory => Parameters?.SocketDir ?? "";

    /// <summary>Makes sense of standard input.</summary>
    /// <param name="input">What came.</param>
    /// <param name="id">The id of the command line.</param>
    public static Bootstrap Parse(byte[] input, string id)
    {
        if (input.Length == 0)
        {
            return new Bootstrap();
        }

        try
        {
            if (!IsParameters(input, id))
            {
                return new Bootstrap { Options = RuntimeOptions.From(Any.Parser.ParseFrom(input)) };
            }

            BootstrapParams parameters = BootstrapParams.Parser.ParseFrom(input);
            RuntimeOptions options = new();
            foreach (Gantry.Api.Runtime.Bootstrap.Extension extension in parameters.Extensions)
            {
                RuntimeOptions found = RuntimeOptions.From(extension.Value);
                options = found == new RuntimeOptions() ? options : found;
            }

            return new Bootstrap { Parameters = parameters, Options = options };
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ShimUsageException($"standard input: {e.Message}");
        }
    }

    /// <summary>The answer, in the form that the daemon understands.</summary>
    /// <param name="address">The shim's address.</param>
    /// <param name="newestForm">What the daemon says of the newest form it knows, if anything.</param>
    public byte[] Answer(string address, string? newestForm)
    {
        if (Parameters is not null)
        {
            return new BootstrapResult { Version = ApiVersion, Address = address, Protocol = Protocol }.ToByteArray();
        }

        if (!int.TryParse(newestForm, out int newest) || newest < ApiVersion)
        {
            return System.Text.Encoding.UTF8.GetBytes(address);
        }

        using MemoryStream json = new();
        using (System.Text.Json.Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", ApiVersion);
            writer.WriteString("address", address);
            writer.WriteString("protocol", Protocol);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    /// <summary>An Any has two fields; BootstrapParams has more, and its first is the container's id.</summary>
    private static bool IsParameters(byte[] input, string id)
    {
        CodedInputStream reader = new(input);
        uint tag;
        while ((tag = reader.ReadTag()) != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) > LastFieldOfAny)
            {
                return true;
            }

            if (WireFormat.GetTagFieldNumber(tag) == 1 && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                if (reader.ReadString() == id)
                {
                    return true;
                }
            }
            else
            {
                reader.SkipLastField();
            }
        }

        return false;
    }
}
