using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Durability.Tests.Chaos;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Supervision;

/// <summary>Containers with containerd's labels are started again, as their policy says, and no longer than it says.</summary>
public sealed class RestartTests
{
    private const string Interval = """
        [plugins."io.containerd.internal.v1.restart"]
        interval = "1s"
        """;

    [Fact]
    public async Task A_container_is_started_again_as_its_policy_says()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync(Interval, token);
        await UpAsync(arena, "failing", "on-failure:2", ["sh", "-c", "exit 3"]);
        await UpAsync(arena, "done", "on-failure", ["true"]);
        await UpAsync(arena, "always", "always", ["sleep", "1000"]);
        await UpAsync(arena, "stopped", "unless-stopped", ["sleep", "1000"]);

        ProcessState first = (await arena.SeeAsync("always", ProcessStatus.Running, token))!;
        Prey.Kill((int)first.ProcessId);
        await LabelAsync(arena, "stopped", RestartLabels.ExplicitlyStopped, "true");
        await arena.Scope.Tasks.KillAsync("stopped", 9, cancellationToken: token);

        await CountAsync(arena, "failing", 2);
        await CountAsync(arena, "always", 1);
        ProcessState second = (await arena.SeeAsync("always", ProcessStatus.Running, token))!;
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        await arena.SeeAsync("failing", ProcessStatus.Stopped, token);
        await arena.SeeAsync("stopped", ProcessStatus.Stopped, token);
        await arena.SeeAsync("done", ProcessStatus.Stopped, token);
        await LabelAsync(arena, "always", RestartLabels.Status, RestartLabels.Stopped);
        await arena.SeeAsync("always", null, token);
        foreach (string id in (string[])["failing", "done", "stopped"])
        {
            await LabelAsync(arena, id, RestartLabels.Status, RestartLabels.Stopped);
            await arena.Scope.Tasks.DeleteAsync(id, token);
        }

        ContainerRecord failing = await arena.Scope.Containers.GetAsync("failing", token);
        Assert.Equal("2", failing.Labels[RestartLabels.Count]);
        Assert.DoesNotContain(
            RestartLabels.Count, (await arena.Scope.Containers.GetAsync("stopped", token)).Labels.Keys);
        Assert.Empty(await arena.LeftoversAsync(""));
    }

    private static async Task UpAsync(Arena arena, string id, string policy, IReadOnlyList<string> args)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [RestartLabels.Status] = RestartLabels.Running,
            [RestartLabels.Policy] = policy,
        };

        // Restarted containers have the root filesystem of their snapshot.
        await arena.MakeSnapshotAsync(id, token);
        await arena.MakeRecordAsync(id, args, memory: null, labels, token);
        await arena.Scope.Tasks.CreateAsync(
            id, await arena.SnapshotMountsAsync(id, token), ProcessStreams.None, cancellationToken: token);
        await arena.Scope.Tasks.StartAsync(id, cancellationToken: token);
    }

    private static async Task LabelAsync(Arena arena, string id, string key, string value) =>
        await arena.Scope.Containers.UpdateAsync(
            new ContainerRecord(id) { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } },
            new FieldMask(["labels." + key]),
            TestContext.Current.CancellationToken);

    private static async Task CountAsync(Arena arena, string id, int count)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (RestartPolicy.CountOf((await arena.Scope.Containers.GetAsync(id, limit.Token)).Labels) < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
