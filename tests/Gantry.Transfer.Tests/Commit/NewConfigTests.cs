using System.Text;
using System.Text.Json.Nodes;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Transfer.Commit;
using Xunit;

namespace Gantry.Transfer.Tests.Commit;

public sealed class NewConfigTests
{
    private const string Base =
        """
        {"architecture":"amd64","os":"linux","vendor":{"kept":[1,2]},
         "config":{"Cmd":["sh"],"Env":["PATH=/bin","A=1"],"WorkingDir":"/srv","Labels":{"a":"b"}},
         "rootfs":{"type":"layers","diff_ids":["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]},
         "history":[{"created_by":"before"}]}
        """;

    private static readonly Digest Layer = Digest.OfBytes("layer"u8);
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);

    [Theory]
    [InlineData("CMD [\"a\", \"b c\"]", "Cmd", """["a","b c"]""")]
    [InlineData("cmd echo $HOME", "Cmd", """["/bin/sh","-c","echo $HOME"]""")]
    [InlineData("CMD [1]", "Cmd", """["/bin/sh","-c","[1]"]""")]
    [InlineData("ENTRYPOINT [\"e\"]", "Entrypoint", """["e"]""")]
    [InlineData("ENV A=2 B=\"x y\" C='$q' D=e\\ f", "Env", """["PATH=/bin","A=2","B=x y","C=$q","D=e f"]""")]
    [InlineData("ENV N all the rest", "Env", """["PATH=/bin","A=1","N=all the rest"]""")]
    [InlineData("LABEL c=d e=", "Labels", """{"a":"b","c":"d","e":""}""")]
    [InlineData("EXPOSE 80 53/udp 8000-8010", "ExposedPorts", """{"80/tcp":{},"53/udp":{},"8000-8010/tcp":{}}""")]
    [InlineData("VOLUME [\"/a\", \"/b\"]", "Volumes", """{"/a":{},"/b":{}}""")]
    [InlineData("VOLUME /a /b", "Volumes", """{"/a":{},"/b":{}}""")]
    [InlineData("WORKDIR sub/dir", "WorkingDir", "\"/srv/sub/dir\"")]
    [InlineData("WORKDIR /x/../y", "WorkingDir", "\"/y\"")]
    [InlineData("USER nobody:nogroup", "User", "\"nobody:nogroup\"")]
    [InlineData("STOPSIGNAL SIGINT", "StopSignal", "\"SIGINT\"")]
    public void A_change_is_what_a_dockerfile_would_make_of_it(string change, string key, string expected)
    {
        JsonNode config = Make(Base, new Digest?(), ConfigChange.Parse(change));

        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(expected), config["config"]![key]),
            config["config"]!.ToJsonString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("CMD")]
    [InlineData("RUN true")]
    [InlineData("ENV A")]
    [InlineData("ENV A=1 B")]
    [InlineData("ENV =1")]
    [InlineData("ENV A=\"open")]
    [InlineData("EXPOSE web")]
    [InlineData("EXPOSE 99999")]
    [InlineData("EXPOSE 80/icmp")]
    public void A_malformed_change_is_refused(string change) =>
        Assert.Throws<FormatException>(() => ConfigChange.Parse(change));

    [Fact]
    public void The_layer_and_its_history_are_added_and_what_is_not_known_stays()
    {
        JsonNode config = Make(Base, Layer);

        Assert.Equal("[1,2]", config["vendor"]!["kept"]!.ToJsonString());
        Assert.Equal(Layer.ToString(), (string?)config["rootfs"]!["diff_ids"]![1]);
        Assert.Equal("before", (string?)config["history"]![0]!["created_by"]);
        Assert.Equal("here", (string?)config["history"]![1]!["created_by"]);
        Assert.Null(config["history"]![1]!["empty_layer"]);
        Assert.Equal("2020-09-13T12:26:40Z", (string?)config["created"]);
    }

    [Fact]
    public void Without_a_layer_the_history_says_so()
    {
        JsonNode config = Make(Base, null);

        Assert.True((bool)config["history"]![1]!["empty_layer"]!);
        Assert.Single(config["rootfs"]!["diff_ids"]!.AsArray());
    }

    [Fact]
    public void Another_entry_point_takes_the_arguments_of_the_base_away_unless_there_are_new_ones()
    {
        ConfigChange entrypoint = ConfigChange.Parse("ENTRYPOINT [\"e\"]");

        Assert.Null(Make(Base, null, entrypoint)["config"]!["Cmd"]);
        Assert.NotNull(Make(Base, null, ConfigChange.Parse("CMD x"), entrypoint)["config"]!["Cmd"]);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("nothing")]
    [InlineData("""{"config":7}""")]
    [InlineData("""{"rootfs":{"diff_ids":{}}}""")]
    [InlineData("""{"history":"none"}""")]
    [InlineData("""{"config":{},"config":{}}""")]
    public void A_malformed_base_is_an_invalid_argument(string text)
    {
        GantryException error = Assert.Throws<GantryException>(() => Make(text, Layer));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    private static JsonNode Make(string text, Digest? layer, params IReadOnlyList<ConfigChange> changes)
    {
        CommitRequest request = new(
            Reference.Parse("example.com/x:1"),
            new Descriptor(MediaTypes.OciManifest, Layer, 1),
            "overlayfs",
            [])
        {
            CreatedBy = "here",
            Changes = changes,
        };
        return JsonNode.Parse(NewConfig.Make(Encoding.UTF8.GetBytes(text), request, layer, Time))!;
    }
}
