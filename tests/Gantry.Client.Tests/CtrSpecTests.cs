using System.Text.Json.Nodes;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>The spec that <c>gantry</c> makes is in substance the one that Debian's <c>ctr</c> makes of the same options.</summary>
public sealed class CtrSpecTests(ContainerdFixture fixture) : IClassFixture<ContainerdFixture>
{
    private const string Id = "compared";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("-t --cwd /tmp --read-only")]
    [InlineData("--env A=b --env PATH=/x --env NO_SUCH_VARIABLE")]
    [InlineData("--net-host --annotation a=b --annotation c=d")]
    [InlineData("--privileged")]
    [InlineData("--privileged --seccomp --device /dev/null --net-host")]
    [InlineData("--seccomp")]
    [InlineData("--seccomp --cap-add CAP_SYS_ADMIN --cap-add CAP_SYSLOG --cap-add CAP_BPF --cap-add CAP_PERFMON")]
    [InlineData("--seccomp --cap-add CAP_SYS_PTRACE --cap-add CAP_SYS_TIME --cap-add CAP_SYS_NICE --cap-add CAP_SYS_BOOT")]
    [InlineData("--seccomp --cap-add CAP_SYS_MODULE --cap-add CAP_SYS_PACCT --cap-add CAP_SYS_RAWIO --cap-drop CAP_SYS_CHROOT")]
    [InlineData("--cap-add CAP_NET_ADMIN --cap-add CAP_CHOWN --cap-drop CAP_CHOWN --cap-drop CAP_KILL")]
    [InlineData("--mount type=bind,src=/tmp,dst=/host,options=rbind:ro --mount type=tmpfs,src=tmpfs,dst=/t,options=size=1m")]
    [InlineData("--device /dev/zero --device /dev/net")]
    [InlineData("--memory-limit 67108864")]
    [InlineData("--cpu-quota 20000 --cpu-period 50000")]
    [InlineData("--with-ns network:/proc/1/ns/net --with-ns ipc:/proc/1/ns/ipc --with-ns cgroup:/proc/1/ns/cgroup")]
    [InlineData("--allow-new-privs --rootfs-propagation rslave")]
    public async Task The_specs_are_alike(string options)
    {
        string[] words = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await fixture.ReadyAsync();

        JsonNode ctr = await SpecAsync(() => fixture.Daemon.CtrAsync(
            ["containers", "create", .. words, fixture.Image, Id, "sleep", "1"]));
        JsonNode ours = await SpecAsync(() => GantryAsync(
            ["create", "--name", Id, .. words, fixture.Image, "sleep", "1"]));

        // ctr sets the weight that is the kernel's default with run, not with create.
        WithDefaultShares(ctr);
        Assert.Equal(SpecForm.Of(ctr), SpecForm.Of(ours));
    }

    /// <summary>Options that ctr has with run alone.</summary>
    [Theory]
    [InlineData("--cpus 0.5 --cpu-shares 512 --cgroup /compared-x")]
    [InlineData("--uidmap 0:100000:65536 --gidmap 0:100000:65536")]
    public async Task The_specs_of_run_are_alike(string options)
    {
        string[] words = options.Split(' ');
        await fixture.ReadyAsync();
        fixture.LetMappedUsersPass();

        JsonNode ctr = await SpecAsync(
            () => fixture.Daemon.CtrAsync(["run", "-d", .. words, fixture.Image, Id, "sleep", "1000"]));
        JsonNode ours = await SpecAsync(
            () => GantryAsync(["run", "-d", "--name", Id, .. words, fixture.Image, "sleep", "1000"]));

        Assert.Equal(SpecForm.Of(ctr), SpecForm.Of(ours));
    }

    private Task<BufferedCommandResult> GantryAsync(string[] arguments) =>
        fixture.Daemon.RunAsync(Needs.Published("gantry"), ["-a", fixture.Daemon.Address, .. arguments], null);

    private async Task<JsonNode> SpecAsync(Func<Task<BufferedCommandResult>> make)
    {
        try
        {
            BufferedCommandResult made = await make();
            Assert.True(made.ExitCode == 0, made.StandardError);
            string info = await fixture.Daemon.CtrOkAsync("containers", "info", Id);
            return JsonNode.Parse(info)!["Spec"]!;
        }
        finally
        {
            await GantryAsync(["rm", "-f", Id]);
            Token.ThrowIfCancellationRequested();
        }
    }

    private static void WithDefaultShares(JsonNode spec)
    {
        JsonObject resources = spec["linux"]!["resources"]!.AsObject();
        resources["cpu"] ??= new JsonObject();
        resources["cpu"]!["shares"] ??= 1024;
    }
}
