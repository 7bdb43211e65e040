using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>A time since 1970, to the nanosecond: struct timespec of 64-bit machines, see timespec(3type).</summary>
/// <param name="Seconds">Whole seconds, may be negative.</param>
/// <param name="Nanoseconds">0 to 999,999,999, added to the seconds.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Timespec(long Seconds, long Nanoseconds) : IComparable<Timespec>
{
    /// <summary>1970-01-01.</summary>
    public static Timespec Epoch { get; }

    /// <summary>True when <paramref name="left"/> is the earlier one.</summary>
    public static bool operator <(Timespec left, Timespec right) => left.CompareTo(right) < 0;

    /// <summary>True when <paramref name="left"/> is the later one.</summary>
    public static bool operator >(Timespec left, Timespec right) => left.CompareTo(right) > 0;

    /// <summary>True when <paramref name="left"/> is not the later one.</summary>
    public static bool operator <=(Timespec left, Timespec right) => left.CompareTo(right) <= 0;

    /// <summary>True when <paramref name="left"/> is not the earlier one.</summary>
    public static bool operator >=(Timespec left, Timespec right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(Timespec other)
    {
        int seconds = Seconds.CompareTo(other.Seconds);
        return seconds != 0 ? seconds : Nanoseconds.CompareTo(other.Nanoseconds);
    }
}
