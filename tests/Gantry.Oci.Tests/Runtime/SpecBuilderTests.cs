using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class SpecBuilderTests
{
    private static readonly ContainerDefaults Image = new()
    {
        Entrypoint = ["/bin/sh", "-c"],
        Cmd = ["true"],
        Env = ["PATH=/bin", "A=1"],
        WorkingDir = "/srv",
    };

    [Fact]
    public void What_the_image_says_is_the_default()
    {
        RuntimeSpec spec = Build(new SpecOptions());

        Assert.Equal(["/bin/sh", "-c", "true"], spec.Process!.Args);
        Assert.Equal(["PATH=/bin", "A=1"], spec.Process.Env);
        Assert.Equal("/srv", spec.Process.Cwd);
        Assert.Equal("/ns/id", spec.Linux!.CgroupsPath);
        Assert.True(spec.Process.NoNewPrivileges);
        Assert.Equal("1.0.2", spec.OciVersion);
    }

    [Fact]
    public void A_command_replaces_entrypoint_and_arguments_as_with_ctr()
    {
        Assert.Equal(["ls", "-l"], Build(new SpecOptions { Args = ["ls", "-l"] }).Process!.Args);
    }

    [Fact]
    public void Variables_are_replaced_where_they_stand_added_at_the_end_and_removed()
    {
        IReadOnlyList<string> merged =
            SpecBuilder.MergeEnvironment(["A=1", "B=2", "C=3"], ["B=new=value", "D=", "A"]);

        Assert.Equal(["B=new=value", "C=3", "D="], merged);
    }

    [Fact]
    public void The_network_of_the_host_comes_with_its_names()
    {
        RuntimeSpec spec = Build(new SpecOptions { Edit = s => s.WithHostNetwork() });

        Assert.DoesNotContain(spec.Linux!.Namespaces!, n => n.Type == "network");
        Assert.Contains(spec.Mounts!, m => m.Destination == "/etc/resolv.conf");
    }

    [Fact]
    public void A_relative_working_directory_is_refused()
    {
        Assert.Throws<FormatException>(() => Build(new SpecOptions { Cwd = "relative" }));
    }

    [Fact]
    public void Without_any_command_there_is_nothing_to_run()
    {
        Assert.Throws<FormatException>(
            () => SpecBuilder.Build("ns", "id", new ContainerDefaults(), new SpecUser(), new SpecOptions()));
    }

    [Fact]
    public void Fields_that_are_not_known_survive_reading_and_writing()
    {
        byte[] json = """{"ociVersion":"1.2.0","process":{"cwd":"/","user":{"uid":1,"gid":2},"scheduler":{"policy":"SCHED_IDLE"}},"zos":{"a":[1]}}"""u8.ToArray();

        string written = System.Text.Encoding.UTF8.GetString(RuntimeSpecJson.ToBytes(RuntimeSpecJson.ReadSpec(json)));

        Assert.Contains("\"scheduler\":{\"policy\":\"SCHED_IDLE\"}", written, StringComparison.Ordinal);
        Assert.Contains("\"zos\":{\"a\":[1]}", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"process\":7}")]
    [InlineData("{\"mounts\":[{\"destination\":3}]}")]
    public void What_is_no_spec_is_refused(string json)
    {
        Assert.Throws<FormatException>(() => RuntimeSpecJson.ReadSpec(System.Text.Encoding.UTF8.GetBytes(json)));
    }

    private static RuntimeSpec Build(SpecOptions options) =>
        SpecBuilder.Build("ns", "id", Image, new SpecUser(), options);
}
