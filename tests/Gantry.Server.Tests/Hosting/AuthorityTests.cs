using System.Buffers;
using System.Text;
using Gantry.Server.Hosting;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class AuthorityTests
{
    // :method POST, :scheme http, :path (literal, indexed), :authority (literal, indexed), content-type
    private static byte[] Block(byte[] authority, bool huffman) =>
    [
        0x83, 0x86, 0x44, 0x02, (byte)'/', (byte)'x',
        0x41, (byte)((huffman ? 0x80 : 0) | authority.Length), .. authority,
        0x5f, 0x10, .. "application/grpc"u8,
    ];

    [Fact]
    public void Localhost_is_left_alone_in_both_codes()
    {
        byte[] huffman = Block([0xa0, 0xe4, 0x1d, 0x13, 0x9d, 0x09], huffman: true);
        byte[] plain = Block("localhost"u8.ToArray(), huffman: false);

        Assert.True(AuthorityRewriter.IsAcceptable(0, huffman));
        Assert.True(AuthorityRewriter.IsAcceptable(0, plain));
    }

    [Theory]
    [InlineData("/run/gantry/gantry.sock")]
    [InlineData("%2Frun%2Fgantry%2Fgantry.sock")]
    [InlineData("x")]
    public void Another_authority_becomes_as_many_letters(string authority)
    {
        byte[] block = Block(Encoding.ASCII.GetBytes(authority), huffman: false);

        ArrayBufferWriter<byte> output = new();
        AuthorityRewriter.Rewrite(0, block, output);

        Assert.False(AuthorityRewriter.IsAcceptable(0, block));
        int bytes = ((authority.Length * 5) + 7) / 8;
        Assert.Equal(block[..7], output.WrittenSpan[..7].ToArray());
        Assert.Equal(0x80 | bytes, output.WrittenSpan[7]);
        Assert.Equal(authority.Length, HuffmanLength.Of(output.WrittenSpan.Slice(8, bytes)));
        Assert.Equal(block[(8 + authority.Length)..], output.WrittenSpan[(8 + bytes)..].ToArray());
    }

    [Fact]
    public void Characters_of_huffman_code_are_counted()
    {
        // RFC 7541, C.4.1 and C.6.1.
        Assert.Equal("www.example.com".Length, HuffmanLength.Of(Convert.FromHexString("f1e3c2e5f23a6ba0ab90f4ff")));
        Assert.Equal(
            "Mon, 21 Oct 2013 20:13:21 GMT".Length,
            HuffmanLength.Of(Convert.FromHexString("d07abe941054d444a8200595040b8166e082a62d1bff")));
        Assert.Equal(
            "https://www.example.com".Length,
            HuffmanLength.Of(Convert.FromHexString("9d29ad171863c78f0b97c8e9ae82ae43d3")));
    }

    [Theory]
    [InlineData("41")]
    [InlineData("4185")]
    [InlineData("41ff")]
    [InlineData("417fffffffffff")]
    [InlineData("ff")]
    public void Malformed_headers_pass_untouched(string hex)
    {
        byte[] block = Convert.FromHexString(hex);

        ArrayBufferWriter<byte> output = new();
        AuthorityRewriter.Rewrite(0, block, output);

        Assert.Equal(block, output.WrittenSpan.ToArray());
    }
}
