using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>A number that is in a file of a cgroup, under containerd's name.</summary>
/// <param name="key">The word before it in its line; empty for a file of one number.</param>
/// <param name="name">The metric, with its unit.</param>
/// <param name="help">What it is.</param>
/// <param name="scale">What it is multiplied by.</param>
/// <param name="max">What <c>max</c> is shown as.</param>
internal sealed class CgroupMetric(string key, string name, string help, ulong scale = 1, ulong max = ulong.MaxValue)
{
    /// <summary>No value: the machine lacks the file or the line.</summary>
    public const ulong Absent = ulong.MaxValue - 1;

    /// <summary>The word before it.</summary>
    public byte[] Key { get; } = Encoding.UTF8.GetBytes(key);

    /// <summary>The name.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>What it is.</summary>
    public string Help => help;

    /// <summary>Whether a line is of this metric. What the kernel used to count in one it now counts in two, by what is backed.</summary>
    /// <param name="word">The first word of the line.</param>
    public bool IsIn(ReadOnlySpan<byte> word) =>
        word.SequenceEqual(Key)
        || (Key.AsSpan().StartsWith("workingset_"u8) && word.StartsWith(Key) && word[Key.Length..] is var rest
            && (rest.SequenceEqual("_anon"u8) || rest.SequenceEqual("_file"u8)));

    /// <summary>Its value.</summary>
    /// <param name="text">A number at its start.</param>
    public ulong Value(ReadOnlySpan<byte> text) =>
        !KernelText.TryNumber(text, out ulong value) ? Absent : value == ulong.MaxValue ? max : value * scale;
}
