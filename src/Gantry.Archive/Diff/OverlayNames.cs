using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Diff;

/// <summary>The attributes that overlayfs keeps its own matters in.</summary>
/// <param name="isUser">They begin with <c>user.</c>, not <c>trusted.</c>.</param>
internal sealed class OverlayNames(bool isUser)
{
    private readonly byte[] _opaque = Name(isUser, "opaque"u8);
    private readonly byte[] _redirect = Name(isUser, "redirect"u8);
    private readonly byte[] _metacopy = Name(isUser, "metacopy"u8);

    /// <summary>True for a directory that hides what is below it.</summary>
    internal bool IsOpaque(in TreeFile file) => Xattr.GetAt(file.Directory, file.Name, _opaque) is [(byte)'y'];

    internal bool NeedsKernel(in TreeFile file)
    {
        if (file.Status.IsDirectory)
        {
            // An opaque of x says that regular files with an attribute are whiteouts.
            return Xattr.GetAt(file.Directory, file.Name, _redirect) is not null
                || Xattr.GetAt(file.Directory, file.Name, _opaque) is [(byte)'x'];
        }

        return file.Status.IsRegular && Xattr.GetAt(file.Directory, file.Name, _metacopy) is not null;
    }

    private static byte[] Name(bool isUser, ReadOnlySpan<byte> name) =>
        [.. isUser ? "user.overlay."u8 : "trusted.overlay."u8, .. name];
}
