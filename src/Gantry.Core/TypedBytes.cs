namespace Gantry.Core;

/// <summary>
/// A value that is stored and passed on byte for byte, with the name of its type: the Any of protobuf, whose type URL
/// here has no prefix (<c>containerd.events.TaskExit</c>, or <c>types.containerd.io/…</c> for JSON).
/// </summary>
/// <param name="TypeUrl">The name of the type, exactly as it came.</param>
/// <param name="Value">The bytes, exactly as they came.</param>
public sealed record TypedBytes(string TypeUrl, ReadOnlyMemory<byte> Value);
