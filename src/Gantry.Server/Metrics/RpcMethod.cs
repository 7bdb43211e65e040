using System.Text;
using Gantry.Server.Services.Lists;
using Grpc.Core;

namespace Gantry.Server.Metrics;

/// <summary>What is counted of a method of the API.</summary>
internal sealed class RpcMethod
{
    /// <summary>The key under which a call of a stream knows it.</summary>
    public const string Key = "gantry.rpc";

    /// <summary>The number of codes that a call can end with: those of gRPC are 0 to 16.</summary>
    public const int Codes = 17;

    /// <summary>The upper bounds of the buckets, in seconds.</summary>
    public static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] _handled = new long[Codes];
    private readonly long[] _buckets = new long[Bounds.Length + 1];
    private long _started;
    private long _received;
    private long _sent;
    private long _ticks;

    /// <summary>Makes one.</summary>
    /// <param name="path">Its path, <c>/SERVICE/METHOD</c>.</param>
    /// <param name="kind">What its calls send.</param>
    public RpcMethod(string path, RpcKind kind)
    {
        int slash = path.LastIndexOf('/');
        string service = slash > 0 ? path[1..slash] : "";
        string name = path[(slash + 1)..];
        string type = KindOf(service, name, kind) switch
        {
            RpcKind.Unary => "unary",
            RpcKind.ServerStream => "server_stream",
            _ => "bidi_stream",
        };
        Labels = LabelText.Of(("grpc_method", name), ("grpc_service", service), ("grpc_type", type));
        OwnLabels = LabelText.Of(("service", service), ("method", name));
        Path = path;
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Its labels under containerd's names.</summary>
    public byte[] Labels { get; }

    /// <summary>Its labels under Gantry's names.</summary>
    public byte[] OwnLabels { get; }

    /// <summary>How many calls have begun.</summary>
    public ulong Started => (ulong)Volatile.Read(ref _started);

    /// <summary>How many messages came.</summary>
    public ulong Received => (ulong)Volatile.Read(ref _received);

    /// <summary>How many messages went.</summary>
    public ulong Sent => (ulong)Volatile.Read(ref _sent);

    /// <summary>How many calls ended with each code.</summary>
    public ReadOnlySpan<long> Handled => _handled;

    /// <summary>How many calls took as long as each bucket says.</summary>
    public ReadOnlySpan<long> Buckets => _buckets;

    /// <summary>How long all calls together took, in seconds.</summary>
    public double Seconds => TimeSpan.FromTicks(Volatile.Read(ref _ticks)).TotalSeconds;

    /// <summary>A call begins.</summary>
    public void Begin() => Interlocked.Increment(ref _started);

    /// <summary>A message came.</summary>
    public void Receive() => Interlocked.Increment(ref _received);

    /// <summary>A message went.</summary>
    public void Send() => Interlocked.Increment(ref _sent);

    /// <summary>A call ends.</summary>
    /// <param name="code">How.</param>
    /// <param name="took">How long it took.</param>
    public void End(StatusCode code, TimeSpan took)
    {
        int bucket = 0;
        double seconds = took.TotalSeconds;
        while (bucket < Bounds.Length && seconds > Bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Add(ref _ticks, took.Ticks);
        Interlocked.Increment(ref _handled[Math.Clamp((int)code, 0, Codes - 1)]);
    }

    /// <summary>The name of a code as containerd's metrics have it.</summary>
    public static byte[] CodeLabel(int code) => Encoding.UTF8.GetBytes($"grpc_code=\"{(StatusCode)code switch
    {
        StatusCode.Cancelled => "Canceled",
        StatusCode other => other.ToString(),
    }}\"");

    // Lists of one message are streams to the library alone: they write it themselves.
    private static RpcKind KindOf(string service, string name, RpcKind kind) =>
        name == "List" && service is RecordListMethods.Containers or RecordListMethods.Images or RecordListMethods.Leases
            ? RpcKind.Unary
            : kind;
}
