using System.Runtime.InteropServices;

namespace Gantry.Oci.Image;

public sealed partial record Platform
{
    private const int MaxTextLength = 256;

    /// <summary>The platform of this machine.</summary>
    public static Platform Current { get; } = OfThisMachine();

    /// <summary>Parses <c>os</c>, <c>architecture</c>, <c>os/architecture</c> or <c>os/architecture/variant</c>.</summary>
    /// <param name="text">Any text; a part that is left out is that of this machine.</param>
    /// <param name="platform">The platform, normalised.</param>
    /// <returns>False when it is no platform.</returns>
    public static bool TryParse(string? text, out Platform? platform)
    {
        platform = null;
        if (string.IsNullOrEmpty(text) || text.Length > MaxTextLength)
        {
            return false;
        }

        string[] parts = text.Split('/');
        if (parts.Length > 3 || Array.Exists(parts, part => !IsComponent(part)))
        {
            return false;
        }

        platform = parts switch
        {
            [string one] when IsKnownOs(one) => Current with { Os = NormalizedOs(one) },
            [string one] when IsKnownArchitecture(one) => new Platform(Current.Os, one).Normalize(),
            [_] => null,
            [string os, string architecture] => new Platform(os, architecture).Normalize(),
            [string os, string architecture, string variant] => new Platform(os, architecture, variant).Normalize(),
            _ => null,
        };
        return platform is not null;
    }

    /// <summary>Parses what is known to be a platform.</summary>
    /// <param name="text">As for <see cref="TryParse"/>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static Platform Parse(string text) =>
        TryParse(text, out Platform? platform) ? platform! : throw new FormatException($"invalid platform \"{text}\"");

    /// <summary>
    /// The same platform in the one spelling that is compared: <c>x86_64</c> becomes <c>amd64</c>, <c>aarch64</c>
    /// becomes <c>arm64/v8</c>, <c>armhf</c> becomes <c>arm/v7</c>, and so on.
    /// </summary>
    public Platform Normalize()
    {
        (string architecture, string variant) = (Lower(Architecture), Lower(Variant)) switch
        {
            ("x86_64" or "x86-64" or "amd64", "v1" or "1") => ("amd64", ""),
            ("x86_64" or "x86-64" or "amd64", string other) => ("amd64", other),
            ("i386" or "i486" or "i586" or "i686" or "386", _) => ("386", ""),
            ("aarch64" or "arm64", "" or "8" or "v8") => ("arm64", "v8"),
            ("aarch64" or "arm64", string other) => ("arm64", other),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", "" or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + Variant),
            (string other, string same) => (other, same),
        };
        return this with { Os = NormalizedOs(Os), Architecture = architecture, Variant = variant };
    }

    private static Platform OfThisMachine() => new Platform(
        "linux",
        RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Arm => "arm",
            System.Runtime.InteropServices.Architecture.Armv6 => "armel",
            System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
            System.Runtime.InteropServices.Architecture.S390x => "s390x",
            System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
            System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
            System.Runtime.InteropServices.Architecture other => Lower(other.ToString()),
        }).Normalize();

    private static bool IsComponent(string part) =>
        part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static bool IsKnownOs(string text) => NormalizedOs(text)
        is "linux" or "windows" or "darwin" or "freebsd" or "netbsd" or "openbsd" or "solaris" or "aix" or "android";

    private static bool IsKnownArchitecture(string text) => Lower(text)
        is "amd64" or "x86_64" or "x86-64" or "386" or "i386" or "arm" or "armhf" or "armel" or "arm64" or "aarch64"
        or "ppc64" or "ppc64le" or "s390x" or "riscv64" or "loong64" or "mips" or "mipsle" or "mips64" or "mips64le"
        or "wasm";

    private static string NormalizedOs(string os) => Lower(os) switch
    {
        "" => "linux",
        "macos" => "darwin",
        string other => other,
    };

    private static string Lower(string text) => text.ToLowerInvariant();
}
