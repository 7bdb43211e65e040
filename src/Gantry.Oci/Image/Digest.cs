using System.Buffers;
using System.Security.Cryptography;

namespace Gantry.Oci.Image;

/// <summary>
/// The digest of a blob, <c>algorithm:hex</c>, as the OCI image specification has it (image-spec, descriptor.md,
/// Digests). Only sha256 and sha512 are accepted, in lower case and full length, so that a digest can be used as a
/// file name. The default value is no digest at all: <see cref="IsEmpty"/>.
/// </summary>
public readonly record struct Digest
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _value;

    private Digest(string value) => _value = value;

    /// <summary>True for the default value.</summary>
    public bool IsEmpty => _value is null;

    /// <summary><c>sha256</c> or <c>sha512</c>; empty for the default value.</summary>
    public string Algorithm => _value is null ? "" : _value[.._value.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>The hexadecimal part; empty for the default value.</summary>
    public string Hex => _value is null ? "" : _value[(_value.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>Parses <c>sha256:</c> and 64, or <c>sha512:</c> and 128, lower-case hexadecimal digits.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="digest">The digest, if it is one.</param>
    /// <returns>False when it is no digest that this system can use.</returns>
    public static bool TryParse(string? text, out Digest digest)
    {
        digest = default;
        if (text is null)
        {
            return false;
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        int digits = colon < 0 ? 0 : text.AsSpan(0, colon) switch
        {
            "sha256" => 64,
            "sha512" => 128,
            _ => 0,
        };
        if (digits == 0 || text.Length != colon + 1 + digits
            || text.AsSpan(colon + 1).ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        digest = new Digest(text);
        return true;
    }

    /// <summary>Why a text is no digest, in the words that other tools use.</summary>
    /// <param name="text">A text that <see cref="TryParse"/> refuses.</param>
    public static string Problem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == text.Length - 1)
        {
            return "invalid checksum digest format";
        }

        int digits = text.AsSpan(0, colon) switch
        {
            "sha256" => 64,
            "sha512" => 128,
            _ => 0,
        };
        return digits == 0 ? "unsupported digest algorithm"
            : text.Length != colon + 1 + digits ? "invalid checksum digest length"
            : "invalid checksum digest format";
    }

    /// <summary>Parses a digest that is known to be one.</summary>
    /// <param name="text">As for <see cref="TryParse"/>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest) ? digest : throw new FormatException($"invalid digest \"{text}\"");

    /// <summary>The sha256 digest of bytes in memory.</summary>
    /// <param name="data">The bytes.</param>
    public static Digest OfBytes(ReadOnlySpan<byte> data) => FromSha256(SHA256.HashData(data));

    /// <summary>The digest whose sha256 hash was computed elsewhere.</summary>
    /// <param name="hash">32 bytes.</param>
    public static Digest FromSha256(ReadOnlySpan<byte> hash) =>
        hash.Length == 32
            ? new Digest("sha256:" + Convert.ToHexStringLower(hash))
            : throw new ArgumentException("a sha256 hash has 32 bytes", nameof(hash));

    /// <summary>A hash of this digest's algorithm, to be fed with the bytes as they pass.</summary>
    /// <exception cref="InvalidOperationException">The digest is empty.</exception>
    public IncrementalHash CreateHash() => Algorithm switch
    {
        "sha256" => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
        "sha512" => IncrementalHash.CreateHash(HashAlgorithmName.SHA512),
        _ => throw new InvalidOperationException("an empty digest has no algorithm"),
    };

    /// <summary>The digest of this algorithm that a hash has arrived at; the hash is reset.</summary>
    /// <param name="hash">A hash made by <see cref="CreateHash"/>.</param>
    public static Digest FromHash(IncrementalHash hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        string algorithm = hash.AlgorithmName == HashAlgorithmName.SHA512 ? "sha512:" : "sha256:";
        return new Digest(algorithm + Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The text <c>algorithm:hex</c>; empty for the default value.</summary>
    public override string ToString() => _value ?? "";
}
