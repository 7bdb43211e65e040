using System.Text;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Mounts;

/// <summary>The directories below which clients may have directories and files made.</summary>
/// <param name="roots">The directories, absolute.</param>
internal sealed class AllowedRoots(params IReadOnlyList<string> roots)
{
    /// <summary>Opens the directory that holds a path; no link on the way leads out of the root.</summary>
    /// <param name="path">The path.</param>
    /// <param name="what">What asks, such as <c>mkdir</c>.</param>
    /// <returns>The directory, and the last name of the path.</returns>
    /// <exception cref="GantryException">NotImplemented: it is below none of the roots. InvalidArgument.</exception>
    public (SafeFileHandle Directory, byte[] Name) OpenParent(string path, string what)
    {
        string full = path.StartsWith('/') ? path.TrimEnd('/') : "";
        string? root = roots.FirstOrDefault(r => full.StartsWith(r + "/", StringComparison.Ordinal))
            ?? throw new GantryException(ErrorKind.NotImplemented, $"no root \"{path}\" configured for {what}");
        string below = full[(root.Length + 1)..];
        int slash = below.LastIndexOf('/');
        string name = below[(slash + 1)..];
        if (name is "" or "." or "..")
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{what} \"{path}\": no name at its end");
        }

        using SafeFileHandle base_ = Open.Directory(root);
        SafeFileHandle? parent = Open.TryBeneath(
            base_,
            Encoding.UTF8.GetBytes(slash <= 0 ? "." : below[..slash]),
            OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY,
            ResolveFlags.Beneath | ResolveFlags.NoMagicLinks,
            0,
            out int errno);
        return parent is not null
            ? (parent, Encoding.UTF8.GetBytes(name))
            : throw (errno is Errno.EXDEV or Errno.ELOOP
                ? new GantryException(ErrorKind.InvalidArgument, $"{what} \"{path}\": leads out of {root}")
                : new LinuxException(what, path, errno));
    }
}
