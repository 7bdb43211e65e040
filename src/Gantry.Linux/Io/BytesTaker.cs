namespace Gantry.Linux.Io;

/// <summary>Takes bytes that were read.</summary>
/// <param name="bytes">The bytes, which are gone when the call returns.</param>
public delegate void BytesTaker(ReadOnlySpan<byte> bytes);
