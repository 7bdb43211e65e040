namespace Gantry.Core.Mounts;

/// <summary>A mount to be made, as mount(8) has it.</summary>
/// <param name="Type">The filesystem type, such as <c>overlay</c> or <c>bind</c>.</param>
/// <param name="Source">The source.</param>
/// <param name="Options">Options in fstab style, such as <c>ro</c> or <c>lowerdir=…</c>.</param>
public sealed record Mount(string Type, string Source, IReadOnlyList<string> Options)
{
    /// <summary>Where below the root it goes; empty for the root itself.</summary>
    public string Target { get; init; } = "";
}
