namespace Gantry.Archive.Tar;

/// <summary>An extended attribute, byte for byte.</summary>
/// <param name="Name">The full name, such as <c>security.capability</c>.</param>
/// <param name="Value">The value.</param>
public readonly record struct TarXattr(byte[] Name, byte[] Value);
