using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gantry.Core.Tracing;

/// <summary>Which traces are kept.</summary>
/// <param name="ParentBased">Whether one that another process has begun is kept as that process has decided.</param>
/// <param name="Ratio">The share of the others that is kept, from 0 to 1.</param>
public sealed record TraceSampler(bool ParentBased, double Ratio)
{
    /// <summary>Reads the name and the argument of one.</summary>
    /// <param name="name">The name; null for the usual one.</param>
    /// <param name="argument">The argument; null for none.</param>
    /// <param name="sampler">The sampler.</param>
    public static bool TryParse(string? name, string? argument, [NotNullWhen(true)] out TraceSampler? sampler)
    {
        const string parent = "parentbased_";
        string of = name ?? "parentbased_always_on";
        bool based = of.StartsWith(parent, StringComparison.Ordinal);
        double ratio = 1;
        bool valid = argument is null || (double.TryParse(
            argument, NumberStyles.Float, CultureInfo.InvariantCulture, out ratio) && ratio is >= 0 and <= 1);
        sampler = (based ? of[parent.Length..] : of) switch
        {
            "always_on" => new TraceSampler(based, 1),
            "always_off" => new TraceSampler(based, 0),
            "traceidratio" when valid => new TraceSampler(based, ratio),
            _ => null,
        };
        return sampler is not null;
    }

    /// <summary>Decides.</summary>
    /// <param name="parent">The span that a new one is in; the default for none.</param>
    /// <param name="trace">The trace.</param>
    public bool Keeps(ActivityContext parent, ActivityTraceId trace)
    {
        if (ParentBased && parent != default)
        {
            return (parent.TraceFlags & ActivityTraceFlags.Recorded) != ActivityTraceFlags.None;
        }

        // As OpenTelemetry has it, by the last bytes, so that all processes decide alike.
        Span<byte> bytes = stackalloc byte[16];
        trace.CopyTo(bytes);
        ulong number = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) >> 1;
        return Ratio >= 1 || number < (ulong)(Ratio * long.MaxValue);
    }
}
