namespace Gantry.Core.Snapshots;

/// <summary>
/// What the applier of a layer notes for the time when the layers below are there, in a file that the snapshotter names
/// by a mount option. The file is empty as long as the layer is being applied.
/// </summary>
/// <remarks>
/// The file: <see cref="TokenBytes"/> bytes that no other application of a layer has, then for each directory a byte,
/// 1 or 0 for <see cref="ImpliedDirectory.IsReplaced"/>, its path and a zero byte.
/// </remarks>
/// <param name="Token">Tells one application of a layer from another.</param>
/// <param name="Directories">The directories, in the order in which they were made.</param>
public sealed record DetachedNote(ReadOnlyMemory<byte> Token, IReadOnlyList<ImpliedDirectory> Directories)
{
    /// <summary>Bytes of a token.</summary>
    public const int TokenBytes = 16;

    /// <summary>The greatest file: a layer that needs a greater one has to be applied on its parent.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>The mount option that names the file.</summary>
    public const string MountOption = "gantry.detached=";

    /// <summary>Reads a note.</summary>
    /// <param name="file">The bytes of the file.</param>
    /// <returns>Null when no layer was applied to its end.</returns>
    public static DetachedNote? Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length < TokenBytes)
        {
            return null;
        }

        List<ImpliedDirectory> directories = [];
        ReadOnlySpan<byte> rest = file.Span[TokenBytes..];
        while (rest.Length > 1 && rest[1..].IndexOf((byte)0) is var length and >= 0)
        {
            directories.Add(new ImpliedDirectory(rest.Slice(1, length).ToArray(), rest[0] == 1));
            rest = rest[(length + 2)..];
        }

        return new DetachedNote(file[..TokenBytes], directories);
    }

    /// <summary>The bytes of the file; null when there would be too many.</summary>
    public byte[]? ToFile()
    {
        long length = TokenBytes + Directories.Sum(directory => directory.Path.Length + 2L);
        if (length > MaxBytes)
        {
            return null;
        }

        byte[] file = new byte[length];
        Token.Span.CopyTo(file);
        int position = TokenBytes;
        foreach (ImpliedDirectory directory in Directories)
        {
            file[position] = directory.IsReplaced ? (byte)1 : (byte)0;
            directory.Path.CopyTo(file, position + 1);
            position += directory.Path.Length + 2;
        }

        return file;
    }
}
