using System.Security.Cryptography;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>The file of a <see cref="DetachedNote"/>, which the snapshotter has made.</summary>
internal sealed class DetachedNoteFile : IDisposable
{
    private readonly SafeFileHandle _file;

    private DetachedNoteFile(SafeFileHandle file) => _file = file;

    /// <summary>Empties the file: a layer is being applied from here on.</summary>
    /// <param name="path">The file; null when the layer is not applied to a detached snapshot.</param>
    /// <exception cref="GantryException">InvalidArgument: there is no such file.</exception>
    internal static DetachedNoteFile? Begin(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            return new DetachedNoteFile(File.OpenHandle(path, FileMode.Truncate, FileAccess.Write));
        }
        catch (IOException exception)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"apply layer: {DetachedNote.MountOption}{path}: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the note: all files of the layer are written.</summary>
    /// <exception cref="GantryException">NotImplemented: there is too much to note.</exception>
    internal void Finish(IReadOnlyList<ImpliedDirectory> directories)
    {
        byte[] token = RandomNumberGenerator.GetBytes(DetachedNote.TokenBytes);
        FileData.Write(_file, new DetachedNote(token, directories).ToFile() ?? throw new GantryException(
            ErrorKind.NotImplemented, "too many directories to apply the layer before those below it"));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
