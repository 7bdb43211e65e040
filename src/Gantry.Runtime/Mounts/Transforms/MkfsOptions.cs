using System.Globalization;
using Gantry.Core.Errors;

namespace Gantry.Runtime.Mounts.Transforms;

/// <summary>What filesystem is made.</summary>
/// <param name="Filesystem">Its type.</param>
/// <param name="Size">The size of the file in bytes.</param>
/// <param name="Uuid">Its UUID; empty for one that is made up.</param>
internal sealed record MkfsOptions(string Filesystem, long Size, string Uuid)
{
    private const string Erofs = "erofs";

    /// <summary>The greatest file that is made: 16 TiB, what ext4 takes. It is sparse.</summary>
    private const long MaxSize = 1L << 44;

    /// <summary>Takes the options that are for mkfs out of those of a mount.</summary>
    /// <exception cref="GantryException">InvalidArgument.</exception>
    public static MkfsOptions Take(IReadOnlyList<string> all, string prefix, out IReadOnlyList<string> others)
    {
        List<string> rest = [];
        MkfsOptions options = new("ext4", 0, "");
        foreach (string option in all)
        {
            if (!option.StartsWith(prefix, StringComparison.Ordinal))
            {
                rest.Add(option);
                continue;
            }

            int equals = option.IndexOf('=', StringComparison.Ordinal);
            string key = option[prefix.Length..(equals < 0 ? option.Length : equals)];
            string value = equals < 0 ? "" : option[(equals + 1)..];
            options = key switch
            {
                "size" => options with { Size = ParseSize(value) },
                "fs" => options with { Filesystem = Known(value) },
                "uuid" => options with { Uuid = CheckUuid(value) },
                _ => throw new GantryException(ErrorKind.InvalidArgument, $"unknown mount option {key}"),
            };
        }

        others = rest;
        return options.Size > 0
            ? options
            : throw new GantryException(ErrorKind.InvalidArgument, "mkfs requires mkfs.size option");
    }

    /// <summary>The arguments of the program that makes it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="empty">An empty directory: a filesystem that is never written to is made from one.</param>
    public IReadOnlyList<string> Arguments(string file, string empty)
    {
        if (Filesystem == Erofs)
        {
            return ["--quiet", .. Uuid.Length > 0 ? [$"-U{Uuid}"] : Array.Empty<string>(), file, empty];
        }

        IReadOnlyList<string> uuid = (Uuid, Filesystem) switch
        {
            ("", _) => [],
            (_, "xfs") => ["-m", $"uuid={Uuid}"],
            _ => ["-U", Uuid],
        };
        return ["-q", .. uuid, file];
    }

    private static string Known(string filesystem) => filesystem is "ext2" or "ext3" or "ext4" or "xfs" or "btrfs" or Erofs
        ? filesystem
        : throw new GantryException(ErrorKind.InvalidArgument, $"unsupported filesystem \"{filesystem}\"");

    private static string CheckUuid(string value) => Guid.TryParseExact(value, "D", out _)
        ? value
        : throw new GantryException(ErrorKind.InvalidArgument, $"bad option uuid: \"{value}\" is no UUID");

    /// <summary><c>1073741824</c>, <c>1048576k</c>, <c>1024MiB</c> and <c>1g</c> are the same.</summary>
    private static long ParseSize(string text)
    {
        ReadOnlySpan<char> number = text.AsSpan().TrimEnd("iIbB");
        int shift = number.IsEmpty ? 0 : char.ToLowerInvariant(number[^1]) switch
        {
            'k' => 10,
            'm' => 20,
            'g' => 30,
            't' => 40,
            _ => 0,
        };
        number = (shift > 0 ? number[..^1] : number).Trim();
        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            && value <= MaxSize && value * (1L << shift) is > 0 and <= MaxSize
            ? (long)(value * (1L << shift))
            : throw new GantryException(ErrorKind.InvalidArgument, $"bad option size: invalid size: '{text}'");
    }
}
