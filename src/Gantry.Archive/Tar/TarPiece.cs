namespace Gantry.Archive.Tar;

/// <summary>A piece of an entry's data. It is valid until the reader is asked for anything else.</summary>
/// <param name="Offset">Where in the file it goes; between pieces of a sparse file there are holes.</param>
/// <param name="Bytes">The bytes; empty when there are no more.</param>
public readonly record struct TarPiece(long Offset, ReadOnlyMemory<byte> Bytes);
