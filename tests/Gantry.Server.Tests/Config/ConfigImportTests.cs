using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Testing;
using Xunit;

namespace Gantry.Server.Tests.Config;

/// <summary>A config file and those that it imports.</summary>
public sealed class ConfigImportTests
{
    private static readonly DaemonConfig Defaults = ConfigDefaults.For(asContainerd: true);

    [Fact]
    public void Imports_are_merged()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["main.toml"], "version = 2\nimports = [\"conf.d/*.toml\"]\nroot = \"/a\"\n[grpc]\nuid = 1");
        Directory.CreateDirectory(directory["conf.d"]);
        File.WriteAllText(directory["conf.d/1.toml"], "version = 2\nroot = \"/b\"\n[grpc]\ngid = 2");
        File.WriteAllText(directory["conf.d/2.toml"], "version = 2\nroot = \"/c\"");

        DaemonConfig config = ConfigLoader.Load(directory["main.toml"], Defaults);

        Assert.Equal("/c", config.Root);
        Assert.Equal((1, 2), (config.Grpc.UserId, config.Grpc.GroupId));
    }

    [Fact]
    public void An_import_that_is_no_path_is_an_error_that_names_its_line()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["main.toml"], "version = 2\nimports = [\"a\\u0000b\"]");

        GantryException error = Assert.Throws<GantryException>(() => ConfigLoader.Load(directory["main.toml"], Defaults));

        Assert.StartsWith($"config {directory["main.toml"]}:2: key imports: a", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public void An_import_has_a_version_of_its_own_and_may_import_the_file_that_imports_it()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["main.toml"], "version = 4\nimports = [\"[a-b].toml\"]\ndisabled_plugins = [\"io.containerd.a.v1.b\"]");
        File.WriteAllText(directory["a.toml"], "imports = [\"main.toml\"]\ndisabled_plugins = [\"cri\"]\n[plugins.opt]\npath = \"/x\"");
        File.WriteAllText(directory["b.toml"], "version = 3\n[grpc]\ngid = 5");

        DaemonConfig config = ConfigLoader.Load(directory["main.toml"], Defaults);

        Assert.Equal(["io.containerd.a.v1.b", "io.containerd.grpc.v1.cri"], config.DisabledPlugins);
        Assert.Equal(5, config.Grpc.GroupId);
        Assert.Empty(config.UnknownKeys);
    }

    [Fact]
    public void A_table_of_a_free_name_is_replaced_whole_by_an_import()
    {
        using TempDirectory directory = new();
        const string Processor = "[stream_processors.a]\nreturns = \"r\"\npath = \"p\"";
        File.WriteAllText(directory["main.toml"], $"version = 2\nimports = [\"b.toml\"]\n{Processor}\nargs = [\"x\"]");
        File.WriteAllText(directory["b.toml"], $"version = 2\n{Processor}");

        DaemonConfig config = ConfigLoader.Load(directory["main.toml"], Defaults);

        Assert.Empty(Assert.Single(config.StreamProcessors).Arguments);
    }

    [Fact]
    public void The_usual_place_may_have_a_directory_of_files_alone()
    {
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["conf.d"]);
        File.WriteAllText(directory["conf.d/x.toml"], "version = 2\nroot = \"/x\"");
        DaemonConfig defaults = Defaults with { Imports = [directory["conf.d/*.toml"]] };

        Assert.Equal("/x", ConfigLoader.LoadUsual(directory["config.toml"], defaults).Root);

        File.WriteAllText(directory["config.toml"], "version = 2\nimports = []");
        Assert.Equal(Defaults.Root, ConfigLoader.LoadUsual(directory["config.toml"], defaults).Root);
    }

    [Theory]
    [InlineData("*.toml", "a.toml", true)]
    [InlineData("*.toml", "a.tom", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("a*b*c", "axxbyyc", true)]
    public void Patterns_are_those_of_Go(string pattern, string name, bool matches) =>
        Assert.Equal(matches, GlobPattern.Matches(pattern, name));
}
