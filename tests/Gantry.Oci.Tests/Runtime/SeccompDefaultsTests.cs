using System.Runtime.InteropServices;
using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class SeccompDefaultsTests
{
    private static readonly Version Kernel = new(6, 1);

    [Fact]
    public void Namespaces_can_be_made_with_CAP_SYS_ADMIN_only()
    {
        SpecSeccomp without = SeccompDefaults.Create(DefaultSpec.Capabilities, Architecture.X64, Kernel);
        SpecSeccomp with = SeccompDefaults.Create(["CAP_SYS_ADMIN"], Architecture.X64, Kernel);

        Assert.DoesNotContain("unshare", Allowed(without));
        Assert.Contains("unshare", Allowed(with));
        SpecSyscallArg flags = Assert.Single(without.Syscalls!.Single(s => s.Names.Contains("clone")).Args!);
        Assert.Equal((0u, 0x7e02_0000ul, "SCMP_CMP_MASKED_EQ"), (flags.Index, flags.Value, flags.Op));
        Assert.Equal(38u, without.Syscalls!.Single(s => s.Names.Contains("clone3")).ErrnoRet);
        Assert.Contains("clone3", Allowed(with));
    }

    [Theory]
    [InlineData("CAP_SYS_TIME", "clock_settime")]
    [InlineData("CAP_SYS_MODULE", "init_module")]
    [InlineData("CAP_SYS_NICE", "mbind")]
    [InlineData("CAP_BPF", "bpf")]
    [InlineData("CAP_DAC_READ_SEARCH", "open_by_handle_at")]
    public void A_capability_brings_its_calls(string capability, string call)
    {
        Assert.DoesNotContain(call, Allowed(SeccompDefaults.Create([], Architecture.X64, Kernel)));
        Assert.Contains(call, Allowed(SeccompDefaults.Create([capability], Architecture.X64, Kernel)));
    }

    [Fact]
    public void Ptrace_needs_a_kernel_that_can_not_be_tricked_by_it()
    {
        Assert.DoesNotContain("ptrace", Allowed(SeccompDefaults.Create([], Architecture.X64, new Version(4, 7, 9))));
        Assert.Contains("ptrace", Allowed(SeccompDefaults.Create([], Architecture.X64, new Version(4, 8))));
    }

    [Fact]
    public void Each_architecture_has_its_own()
    {
        SpecSeccomp x64 = SeccompDefaults.Create([], Architecture.X64, Kernel);
        SpecSeccomp arm64 = SeccompDefaults.Create([], Architecture.Arm64, Kernel);
        SpecSeccomp s390X = SeccompDefaults.Create([], Architecture.S390x, Kernel);

        Assert.Equal(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], x64.Architectures);
        Assert.Contains("arch_prctl", Allowed(x64));
        Assert.DoesNotContain("arch_prctl", Allowed(arm64));
        Assert.Contains("set_tls", Allowed(arm64));
        Assert.Equal(1u, s390X.Syscalls!.Single(s => s.Names.Contains("clone")).Args![0].Index);
    }

    [Fact]
    public void No_call_is_allowed_that_has_broken_out_of_containers()
    {
        HashSet<string> allowed = Allowed(SeccompDefaults.Create(DefaultSpec.Capabilities, Architecture.X64, Kernel));

        Assert.Empty(allowed.Intersect(
            ["add_key", "bpf", "io_uring_setup", "keyctl", "mount", "setns", "userfaultfd", "kexec_load", "socket"]));
    }

    /// <summary>The calls that are allowed whatever their arguments.</summary>
    private static HashSet<string> Allowed(SpecSeccomp profile) =>
    [
        .. profile.Syscalls!
            .Where(s => s is { Action: "SCMP_ACT_ALLOW", Args: null })
            .SelectMany(s => s.Names),
    ];
}
