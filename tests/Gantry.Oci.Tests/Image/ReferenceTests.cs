using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Oci.Tests.Image;

public sealed class ReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("index.docker.io/library/busybox", "docker.io/library/busybox:latest")]
    [InlineData("grafana/loki", "docker.io/grafana/loki:latest")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:5000/app:v1", "localhost:5000/app:v1")]
    [InlineData("quay.io/a/b/c_d--e", "quay.io/a/b/c_d--e:latest")]
    [InlineData("[::1]:5000/app", "[::1]:5000/app:latest")]
    [InlineData("ghcr.io/x/y@sha256:" + Hex, "ghcr.io/x/y@sha256:" + Hex)]
    [InlineData("busybox:1.36@sha256:" + Hex, "docker.io/library/busybox:1.36@sha256:" + Hex)]
    public void A_familiar_name_becomes_a_full_one(string familiar, string full)
    {
        Reference reference = Reference.ParseFamiliar(familiar);

        Assert.Equal(full, reference.ToString());
        Assert.Equal(full, Reference.Parse(full).ToString());
        Assert.Equal(full, Reference.ParseFamiliar(reference.Familiar).ToString());
    }

    [Fact]
    public void A_full_reference_comes_apart()
    {
        Reference reference = Reference.Parse($"127.0.0.1:5000/team/app:v1@sha256:{Hex}");

        Assert.Equal("127.0.0.1:5000", reference.Host);
        Assert.Equal("team/app", reference.Path);
        Assert.Equal("v1", reference.Tag);
        Assert.Equal("sha256:" + Hex, reference.Digest.ToString());
        Assert.Equal(reference.Digest.ToString(), reference.Object);
    }

    [Theory]
    [InlineData("busybox:latest", "hostname required")]
    [InlineData("docker.io/library/busybox", "object required")]
    [InlineData("docker.io/library/busybox:", "invalid tag")]
    [InlineData("docker.io/library/busybox@sha256:12", "invalid digest")]
    [InlineData("docker.io/Library/busybox:latest", "must be lowercase")]
    [InlineData("docker.io/../etc:latest", "invalid reference format")]
    [InlineData("docker.io//x:latest", "invalid reference format")]
    [InlineData("docker.io/x\n:latest", "invalid reference format")]
    [InlineData("docker.io/x:latest\n", "invalid tag")]
    [InlineData("ho st/x:latest", "hostname required")]
    [InlineData("", "empty")]
    public void What_is_no_full_reference_is_refused_with_a_reason(string text, string reason)
    {
        bool parsed = Reference.TryParse(text, out Reference? reference, out string error);

        Assert.False(parsed);
        Assert.Null(reference);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData(":tag")]
    [InlineData("@sha256:" + Hex)]
    [InlineData(Hex)]
    [InlineData("a b")]
    [InlineData("Busybox")]
    [InlineData("busybox@")]
    [InlineData("http://example.com/x")]
    public void What_is_no_familiar_reference_is_refused(string text)
    {
        FormatException error = Assert.Throws<FormatException>(() => Reference.ParseFamiliar(text));

        Assert.StartsWith($"invalid reference \"{text}\": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_more_than_255_characters_is_refused()
    {
        string path = new('a', 256 - "docker.io/".Length);

        Assert.False(Reference.TryParse($"docker.io/{path}:x", out _, out string error));
        Assert.Contains("255", error, StringComparison.Ordinal);
        Assert.True(Reference.TryParse($"docker.io/{path[1..]}:x", out _, out _));
    }
}
