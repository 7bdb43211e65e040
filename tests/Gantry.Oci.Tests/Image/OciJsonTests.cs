using System.Text;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Oci.Tests.Image;

public sealed class OciJsonTests
{
    private const string A = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private const string Config = $$"""{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{A}}","size":7}""";
    private const string Layer = $$"""{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{B}}","size":8}""";

    [Fact]
    public void A_manifest_is_read_and_unknown_fields_are_passed_over()
    {
        ImageManifest manifest = OciJson.ParseManifest(Bytes(
            $$$"""{"schemaVersion":2,"new":{"x":[1]},"config":{{{Config}}},"layers":[{{{Layer}}}],"annotations":{"k":"v"}}"""));

        Assert.Equal(A, manifest.Config.Digest.ToString());
        Descriptor layer = Assert.Single(manifest.Layers);
        Assert.Equal(8, layer.Size);
        Assert.Equal("v", manifest.Annotations["k"]);
    }

    [Fact]
    public void An_index_is_read_with_platforms()
    {
        ImageIndex index = OciJson.ParseIndex(Bytes(
            $$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{A}}","size":7,
            "platform":{"os":"linux","architecture":"arm","variant":"v7","os.features":["x"]} }]}
            """));

        Platform platform = Assert.Single(index.Manifests).Platform!;
        Assert.Equal("linux/arm/v7", platform.ToString());
        Assert.Equal(["x"], platform.OsFeatures);
    }

    [Theory]
    [InlineData("""{"manifests":[],"layers":[]}""", "ambiguous")]
    [InlineData($$"""{"manifests":[],"config":{{Config}} }""", "ambiguous")]
    [InlineData($$"""{"fsLayers":[],"config":{{Config}} }""", "ambiguous")]
    [InlineData($$"""{"layers":[],"config":{{Config}},"layers":[]}""", "invalid JSON")]
    [InlineData("""{"manifests":[]}""", "index")]
    [InlineData("""{"layers":[]}""", "config is missing")]
    [InlineData("""{"config":{"mediaType":"x","digest":"sha256:../../etc","size":1}}""", "invalid digest")]
    [InlineData($$"""{"config":{"mediaType":"x","digest":"{{A}}","size":-1} }""", "size")]
    [InlineData($$"""{"config":{"digest":"{{A}}","size":1} }""", "mediaType")]
    [InlineData($$"""{"config":{{Config}},"layers":[null]}""", "null")]
    [InlineData("""{"config":[]}""", "invalid JSON")]
    [InlineData("null", "null")]
    [InlineData("[]", "invalid JSON")]
    [InlineData("", "invalid JSON")]
    public void A_manifest_that_is_wrong_is_refused_with_a_reason(string json, string reason)
    {
        FormatException error = Assert.Throws<FormatException>(() => OciJson.ParseManifest(Bytes(json)));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_is_no_index()
    {
        Assert.Throws<FormatException>(
            () => OciJson.ParseIndex(Bytes($$"""{"config":{{Config}},"layers":[]}""")));
    }

    [Fact]
    public void A_document_over_the_limit_is_not_looked_at()
    {
        FormatException error = Assert.Throws<FormatException>(
            () => OciJson.ParseManifest(new byte[OciJson.MaxManifestBytes + 1]));

        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_as_docker_writes_it_is_read()
    {
        ImageConfig config = OciJson.ParseConfig(Bytes(
            $$"""
            {"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05.678901234Z","docker_version":"1",
             "config":{"User":"1000:100","Env":["PATH=/bin"],"Entrypoint":null,"Cmd":["sh"],"WorkingDir":"/srv",
                       "ExposedPorts":{"80/tcp":{} },"Volumes":{"/data":{} },"Labels":{"a":"b"},"StopSignal":"SIGINT","OnBuild":null},
             "rootfs":{"type":"layers","diff_ids":["{{A}}","{{B}}"]},
             "history":[{"created_by":"ADD","empty_layer":true},{"comment":"c"}]}
            """));

        Assert.Equal("linux/amd64", config.Platform.ToString());
        Assert.Equal([A, B], config.DiffIds.Select(d => d.ToString()));
        Assert.Equal("1000:100", config.Config.User);
        Assert.Empty(config.Config.Entrypoint);
        Assert.Equal(["sh"], config.Config.Cmd);
        Assert.Equal(["80/tcp"], config.Config.ExposedPorts);
        Assert.Equal(["/data"], config.Config.Volumes);
        Assert.Equal("b", config.Config.Labels["a"]);
        Assert.Equal("SIGINT", config.Config.StopSignal);
        Assert.Equal(2024, config.Created?.Year);
        Assert.True(config.History[0].EmptyLayer);
    }

    [Fact]
    public void A_config_with_a_diff_id_that_is_none_is_refused() =>
        Assert.Throws<FormatException>(() => OciJson.ParseConfig(Bytes("""{"rootfs":{"diff_ids":["sha256:zz"]}}""")));

    [Theory]
    [InlineData("""{"mediaType":"application/x"}""", "application/x")]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""", MediaTypes.DockerSchema1)]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", MediaTypes.OciIndex)]
    [InlineData($$"""{"schemaVersion":2,"config":{{Config}},"layers":[]}""", MediaTypes.OciManifest)]
    [InlineData("{}", null)]
    public void What_a_document_is_can_be_told_from_its_shape(string json, string? mediaType) =>
        Assert.Equal(mediaType, OciJson.DetectMediaType(Bytes(json)));

    [Fact]
    public void The_chain_id_of_one_layer_is_its_diff_id_and_goes_on_from_there()
    {
        Digest a = Digest.Parse(A);
        Digest b = Digest.Parse(B);

        IReadOnlyList<Digest> chain = ChainId.All([a, b]);

        Assert.Equal(a, chain[0]);
        Assert.Equal(Digest.OfBytes(Bytes($"{A} {B}")), chain[1]);
        Assert.Equal(chain[1], ChainId.Of([a, b]));
        Assert.True(ChainId.Of([]).IsEmpty);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
