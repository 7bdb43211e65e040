using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class SpecEditsTests
{
    private static readonly RuntimeSpec Default = DefaultSpec.Create("ns", "id");

    [Fact]
    public void A_namespace_is_joined_in_the_place_of_the_own_one()
    {
        RuntimeSpec spec = Default.WithNamespace("ipc", "/proc/1/ns/ipc").WithNamespace("cgroup");

        Assert.Equal(
            ["pid:", "ipc:/proc/1/ns/ipc", "uts:", "mount:", "network:", "cgroup:"],
            spec.Linux!.Namespaces!.Select(n => $"{n.Type}:{n.Path}"));
        Assert.Throws<FormatException>(() => Default.WithNamespace("net"));
    }

    [Theory]
    [InlineData("net.core.somaxconn", true, false)]
    [InlineData("kernel.shmmax", true, true)]
    [InlineData("fs.mqueue.msg_max", true, true)]
    [InlineData("vm.swappiness", false, false)]
    [InlineData("kernel.panic", false, false)]
    public void Kernel_parameters_have_to_belong_to_the_container(string name, bool own, bool withHostNetwork)
    {
        Dictionary<string, string> sysctls = new() { [name] = "1" };

        Assert.Equal(own, Record.Exception(() => Default.WithSysctls(sysctls)) is null);
        Assert.Equal(withHostNetwork, Record.Exception(() => Default.WithHostNetwork().WithSysctls(sysctls)) is null);
    }

    [Fact]
    public void Privileges_open_what_the_defaults_close()
    {
        RuntimeSpec spec = Default.WithPrivileges(["CAP_BPF"], [new SpecDevice { Path = "/dev/x", Type = "c" }]);

        Assert.Null(spec.Linux!.MaskedPaths);
        Assert.Null(spec.Linux.ReadonlyPaths);
        Assert.True(Assert.Single(spec.Linux.Resources!.Devices!).Allow);
        Assert.Contains("rw", spec.Mounts!.Single(m => m.Destination == "/sys").Options!);
        Assert.Equal(["CAP_BPF"], spec.Process!.Capabilities!.Effective);
    }

    [Fact]
    public void A_limit_replaces_the_one_of_its_type()
    {
        RuntimeSpec spec = Default.WithRlimits([RlimitText.Parse("nofile=5:6"), RlimitText.Parse("RLIMIT_CORE=unlimited")]);

        Assert.Equal(
            ["RLIMIT_NOFILE 5 6", "RLIMIT_CORE 18446744073709551615 18446744073709551615"],
            spec.Process!.Rlimits!.Select(r => $"{r.Type} {r.Soft} {r.Hard}"));
    }

    [Theory]
    [InlineData("nofile")]
    [InlineData("nofile=")]
    [InlineData("nofile=1:2:3")]
    [InlineData("nofile=3:2")]
    [InlineData("nofile=-2")]
    [InlineData("files=1")]
    public void What_is_no_limit_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => RlimitText.Parse(text));
    }

    [Theory]
    [InlineData("rslave", "rslave")]
    [InlineData("rshared", "shared")]
    [InlineData("ro", null)]
    public void Mounts_that_are_passed_on_need_a_root_that_does_so(string option, string? expected)
    {
        RuntimeSpec spec = Default.WithMounts([new SpecMount { Destination = "/x", Type = "bind", Options = [option] }]);

        Assert.Equal(expected, spec.WithPropagationOfMounts().Linux!.RootfsPropagation);
    }

    [Theory]
    [InlineData("relative", null)]
    [InlineData("/x", 0)]
    public void A_hook_that_can_not_run_is_refused(string path, int? timeout)
    {
        SpecHooks hooks = new() { Poststop = [new SpecHook { Path = path, Timeout = timeout }] };

        Assert.Throws<FormatException>(() => Default.WithHooks(hooks));
    }

    [Theory]
    [InlineData("0-2,7", new[] { 0, 1, 2, 7 })]
    [InlineData("3\n", new[] { 3 })]
    public void Lists_of_processors_are_read(string text, int[] expected)
    {
        Assert.Equal(expected, NumberSet.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2-1")]
    [InlineData("1-2-3")]
    [InlineData("0-99999999")]
    [InlineData("a")]
    [InlineData("1,")]
    public void What_is_no_list_of_processors_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => NumberSet.Parse(text));
    }
}
