using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

public sealed class HostsFileTests
{
    [Fact]
    public void A_file_says_all_about_its_hosts_in_its_own_order()
    {
        using TempDirectory directory = new();
        Write(
            directory,
            "reg.example_5000_",
            """
            server = "https://reg.example:5000"
            ca = "own.pem"
            skip_verify = false

            [host."https://z-mirror.example/path"]
              capabilities = ["pull", "resolve"]
              ca = ["a.pem", "/abs/b.pem"]
              client = [["c.pem", "c.key"], ["d.pem", ""]]
              dial_timeout = "1.5s"
              [host."https://z-mirror.example/path".header]
                x-one = "1"
                x-two = ["2", "3"]

            [host."http://a-mirror.example"]
              capabilities = ["push"]
              client = "both.pem"
              skip_verify = true
              override_path = true

            [host."bare.example"]
              client = ["e.pem", "f.pem"]
            """);

        IReadOnlyList<HostConfig> hosts = HostDirectories.Load([directory.Path], "reg.example:5000");

        string home = directory["reg.example_5000_"];
        Assert.Equal(
            ["https://z-mirror.example/path", "http://a-mirror.example/", "https://bare.example/", "https://reg.example:5000/"],
            hosts.Select(host => host.Server?.ToString()));
        Assert.Equal(HostCapabilities.Pull | HostCapabilities.Resolve, hosts[0].Capabilities);
        Assert.Equal([$"{home}/a.pem", "/abs/b.pem"], hosts[0].CaFiles);
        Assert.Equal(
            [new ClientCertificate($"{home}/c.pem", $"{home}/c.key"), new ClientCertificate($"{home}/d.pem", null)],
            hosts[0].ClientCertificates);
        Assert.Equal(TimeSpan.FromSeconds(1.5), hosts[0].DialTimeout);
        Assert.Equal(["x-one: 1", "x-two: 2", "x-two: 3"], hosts[0].Headers.Select(h => $"{h.Key}: {h.Value}"));
        Assert.Equal(HostCapabilities.Push, hosts[1].Capabilities);
        Assert.True(hosts[1].SkipVerify);
        Assert.True(hosts[1].OverridePath);
        Assert.Equal([new ClientCertificate($"{home}/both.pem", null)], hosts[1].ClientCertificates);
        Assert.Equal(2, hosts[2].ClientCertificates.Count);
        Assert.Equal(HostCapabilities.All, hosts[2].Capabilities);
        Assert.Equal([$"{home}/own.pem"], hosts[3].CaFiles);
        Assert.False(hosts[3].SkipVerify);
        Assert.Contains(
            new HostSetting("dial_timeout", "\"1.5s\"", $"{home}/hosts.toml:9"), hosts[0].Settings);
        Assert.DoesNotContain(hosts[0].Settings, s => s.Key.StartsWith("header", StringComparison.Ordinal) && s.Value.Contains('1'));
    }

    [Fact]
    public void Without_a_server_the_host_of_the_name_comes_last()
    {
        using TempDirectory directory = new();
        Write(directory, "docker.io", "[host.\"http://mirror:5000\"]\n");

        IReadOnlyList<HostConfig> hosts = HostDirectories.Load([directory.Path], "docker.io");

        Assert.Equal(2, hosts.Count);
        Assert.Null(hosts[1].Server);
    }

    [Theory]
    [InlineData("server = 1", ":1: server: must be a string")]
    [InlineData("\nserver = \"ftp://x\"", ":2: server: must be a URL")]
    [InlineData("server = \"https://me:pw@x\"", ":1: server: must be a URL")]
    [InlineData("[host.\"https://m\"]\n\n  capabilities = [\"pull\", \"fly\"]", ":3: host.\"https://m\".capabilities: unknown capability \"fly\"")]
    [InlineData("[host.\"https://m\"]\nskip_verify = \"yes\"", ":2: host.\"https://m\".skip_verify: must be true or false")]
    [InlineData("[host.\"https://m\"]\ndial_timeout = \"soon\"", ":2: host.\"https://m\".dial_timeout: must be a time")]
    [InlineData("[host.\"https://m\"]\nca = [1]", ":2: host.\"https://m\".ca: must be a string or a list of strings")]
    [InlineData("[host.\"https://m\"]\nclient = [[\"a\", \"b\", \"c\"]]", ":2: host.\"https://m\".client: must be a file")]
    [InlineData("[host.\"https://m\"]\ncapabilites = []", ":2: host.\"https://m\".capabilites: no such key is known")]
    [InlineData("[host.\"https://m\".header]\n\"a b\" = \"x\"", ":2: host.\"https://m\".header.\"a b\": is no name of a header")]
    [InlineData("[host.\"https://m\".header]\na = \"x\\ny\"", ":2: host.\"https://m\".header.a: a header's value has no control characters")]
    [InlineData("[hosts.x]\n", ":1: hosts.x: no such table is known")]
    [InlineData("[[host]]\n", ":1: host: no such table is known")]
    [InlineData("ok = 1\n= 3", ":2: ")]
    [InlineData("server = \"https://a\"\nserver = \"https://b\"", ":2: ")]
    public void A_malformed_file_is_told_with_line_and_key(string text, string expected)
    {
        using TempDirectory directory = new();
        Write(directory, "x", text);

        GantryException error = Assert.Throws<GantryException>(() => HostDirectories.Load([directory.Path], "x"));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(directory["x"] + "/hosts.toml" + expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pw@", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_directory_that_knows_the_host_counts()
    {
        using TempDirectory directory = new();
        Write(directory, "a/_default", "server = \"https://default-a\"");
        Write(directory, "b/h:1", "server = \"https://colon\"");
        Write(directory, "c/h_1_", "server = \"https://bars\"");
        Write(directory, "c/h:1", "server = \"https://colon-too\"");

        string Server(string host, params string[] roots) =>
            HostDirectories.Load([.. roots.Select(root => directory[root])], host)[^1].Server?.Host ?? "itself";

        Assert.Equal("default-a", Server("h:1", "a", "b"));
        Assert.Equal("colon", Server("h:1", "missing", "b", "c"));
        Assert.Equal("bars", Server("h:1", "c"));
        Assert.Equal("itself", Server("h:2", "b", "c"));
    }

    [Fact]
    public void Without_a_file_certificates_are_found_by_their_names()
    {
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["h"]);
        foreach (string name in new[] { "one.crt", "two.crt", "me.cert", "me.key", "README" })
        {
            File.WriteAllText(directory[$"h/{name}"], "");
        }

        HostConfig host = Assert.Single(HostDirectories.Load([directory.Path], "h"));
        File.Delete(directory["h/me.cert"]);
        GantryException error = Assert.Throws<GantryException>(() => HostDirectories.Load([directory.Path], "h"));

        Assert.Null(host.Server);
        Assert.Equal([directory["h/one.crt"], directory["h/two.crt"]], host.CaFiles);
        Assert.Equal([new ClientCertificate(directory["h/me.cert"], directory["h/me.key"])], host.ClientCertificates);
        Assert.Contains("me.key: its certificate", error.Message, StringComparison.Ordinal);
    }

    private static void Write(TempDirectory directory, string host, string text)
    {
        Directory.CreateDirectory(directory[host]);
        File.WriteAllText(directory[$"{host}/hosts.toml"], text);
    }
}
