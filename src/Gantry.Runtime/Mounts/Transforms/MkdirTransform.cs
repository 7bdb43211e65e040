using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Mounts.Transforms;

/// <summary>
/// <c>mkdir/</c>: makes the directories of options <c>X-containerd.mkdir.path=DIR[:MODE[:UID:GID]]</c>. One that is
/// there gets the mode and owner asked for.
/// </summary>
internal sealed class MkdirTransform(AllowedRoots roots) : IMountTransform
{
    private const string Prefix = "X-containerd.mkdir.";
    private const string PathKey = "path=";
    private const uint DefaultMode = 0b111_000_000;
    private const uint MaxMode = 0b111_111_111;

    /// <inheritdoc/>
    public Task<Mount> ApplyAsync(
        Mount mount,
        IReadOnlyList<ActiveMount> active,
        CancellationToken cancellationToken)
    {
        List<string> others = [];
        foreach (string option in mount.Options)
        {
            if (option.StartsWith(Prefix, StringComparison.Ordinal))
            {
                Make(option);
            }
            else
            {
                others.Add(option);
            }
        }

        return Task.FromResult(mount with { Options = others });
    }

    private void Make(string option)
    {
        string rest = option[Prefix.Length..];
        string[] parts = rest.StartsWith(PathKey, StringComparison.Ordinal) ? rest[PathKey.Length..].Split(':') : [];
        if (parts.Length is not (1 or 2 or 4))
        {
            throw Invalid(option);
        }

        uint mode = parts.Length > 1 ? Mode(option, parts[1]) : DefaultMode;
        uint uid = parts.Length > 2 ? Id(option, parts[2]) : uint.MaxValue;
        uint gid = parts.Length > 2 ? Id(option, parts[3]) : uint.MaxValue;

        (SafeFileHandle parent, byte[] name) = roots.OpenParent(parts[0], "mkdir");
        using (parent)
        {
            int errno = Link.TryMakeDirectory(parent, name, mode);
            if (errno is not (0 or Errno.EEXIST))
            {
                throw new LinuxException("mkdir", parts[0], errno);
            }

            using SafeFileHandle directory = Open.Beneath(
                parent,
                name,
                OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY,
                ResolveFlags.Beneath | ResolveFlags.NoSymlinks);
            Ownership.Set(directory, uid, gid);
            Permissions.Set(directory, mode);
        }
    }

    private static uint Mode(string option, string text)
    {
        uint mode = 0;
        foreach (char digit in text)
        {
            mode = digit is >= '0' and <= '7' && mode <= MaxMode ? (mode * 8) + (uint)(digit - '0') : throw Invalid(option);
        }

        return text.Length > 0 && mode <= MaxMode ? mode : throw Invalid(option);
    }

    private static uint Id(string option, string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue
            ? id
            : throw Invalid(option);

    private static GantryException Invalid(string option) =>
        new(ErrorKind.InvalidArgument, $"invalid mkdir option \"{option}\"");
}
