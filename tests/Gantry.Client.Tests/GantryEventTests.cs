using System.Globalization;
using System.Text.Json;
using CliWrap.Buffered;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>Events that are kept, over the wire and with <c>gantry events</c>, and <c>gantry audit</c>.</summary>
public sealed class GantryEventTests(GantryFixture fixture) : IClassFixture<GantryFixture>, IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await fixture.ReadyAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Kept_events_are_shown_from_a_number_on()
    {
        KeptRange before = await fixture.Client.Events.KeptAsync(Token);
        await PublishAsync("shown", "/one");
        await PublishAsync("shown", "/two");

        JsonElement[] all = await EventsAsync("--since", "earliest", "--filter", "namespace==shown");
        JsonElement[] recent = await EventsAsync("--since", "5m", "--filter", "namespace==shown");
        string first = all[0].GetProperty("sequence").GetUInt64().ToString(CultureInfo.InvariantCulture);
        JsonElement[] after = await EventsAsync("--since", first, "--filter", "namespace==shown");
        JsonElement[] none = await EventsAsync("--since", "5m", "--until", "2001-01-01T00:00:00Z", "--filter", "namespace==shown");

        Assert.Equal(["/one", "/two"], all.Select(it => it.GetProperty("topic").GetString()));
        Assert.Equal(["/one", "/two"], recent.Select(it => it.GetProperty("topic").GetString()));
        Assert.Equal(["/two"], after.Select(it => it.GetProperty("topic").GetString()));
        Assert.Empty(none);
        Assert.True(all[0].GetProperty("sequence").GetUInt64() > before.Last);
    }

    [Theory]
    [InlineData("--since", "yesterday", "is no age, no time, no sequence number and not earliest")]
    [InlineData("--until", "tomorrow", "is no age and no time")]
    [InlineData("--since", "999999999999", "event 999999999999 has not happened")]
    public async Task What_cannot_be_meant_is_refused_in_a_line(string option, string value, string text)
    {
        BufferedCommandResult result = await GantryAsync("events", option, value);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(text, Assert.Single(result.StandardError.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_changed_what_is_told_with_its_result()
    {
        BufferedCommandResult made = await fixture.Daemon.CtrAsync("namespaces", "create", "audited");
        BufferedCommandResult twice = await fixture.Daemon.CtrAsync("namespaces", "create", "audited");
        await fixture.Daemon.CtrOkAsync("namespaces", "ls");
        await GantryAsync("-n", "audited", "tag", fixture.Image, "audited:1");

        JsonElement[] calls = await LinesAsync("audit", "--since", "5m", "--filter", "topic~=Namespaces", "--format", "json");
        JsonElement[] ours = [.. calls.Where(it => it.GetProperty("object").GetString() == "audited")];
        string text = (await GantryAsync("audit", "--since", "5m", "--filter", "topic~=Namespaces")).StandardOutput;

        Assert.Equal((0, 1), (made.ExitCode, twice.ExitCode));
        Assert.Equal(["ok", "AlreadyExists"], ours.Select(it => it.GetProperty("result").GetString()));
        Assert.All(ours, it =>
        {
            Assert.Equal("/containerd.services.namespaces.v1.Namespaces/Create", it.GetProperty("method").GetString());
            Assert.Equal(0u, it.GetProperty("uid").GetUInt32());
            Assert.NotEqual(0, it.GetProperty("pid").GetInt32());
            Assert.EndsWith("/ctr", it.GetProperty("exe").GetString(), StringComparison.Ordinal);
        });
        Assert.Contains("Namespaces/Create audited AlreadyExists (", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Namespaces/List", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_told_call_by_call_and_its_environment_is_not()
    {
        BufferedCommandResult run = await GantryAsync(
            "-n", "audited-run", "run", "--rm", "--name", "told", "-e", "SECRET=very-secret-word", fixture.Image, "true");
        if (run.ExitCode != 0)
        {
            await GantryAsync("-n", "audited-run", "pull", fixture.Image);
            run = await GantryAsync(
                "-n", "audited-run", "run", "--rm", "--name", "told", "-e", "SECRET=very-secret-word", fixture.Image, "true");
        }

        Assert.True(run.ExitCode == 0, run.StandardError);
        JsonElement[] calls = await LinesAsync("audit", "--filter", "namespace==audited-run", "--format", "json");
        string[] told =
        [
            .. calls.Where(it => it.GetProperty("object").GetString() == "told")
                .Select(it => it.GetProperty("method").GetString()!.Split('.')[^1]),
        ];

        Assert.Equal(
            ["Containers/Create", "Tasks/Create", "Tasks/Start", "Tasks/Delete", "Containers/Delete"],
            told.Where(it => it.StartsWith("Containers/", StringComparison.Ordinal) || it.StartsWith("Tasks/", StringComparison.Ordinal)));
        Assert.DoesNotContain(
            "very-secret-word", await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(fixture.Daemon.Root, "io.gantry.audit"))[0], Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_about_something_with_a_line_of_its_own_is_one_line()
    {
        await Assert.ThrowsAsync<GantryException>(() => PublishAsync("forged", "/x\r\n2026 forged Images/Delete y ok\u2028uid=1"));

        string text = (await GantryAsync("audit", "--filter", "namespace==forged")).StandardOutput;

        string line = Assert.Single(text.TrimEnd('\n').Split(['\n', '\r', '\u2028']));
        Assert.Contains("Events/Publish /x\uFFFD\uFFFD2026 forged Images/Delete y ok\uFFFDuid=1 InvalidArgument (", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_has_no_form_in_JSON_is_shown_as_its_bytes()
    {
        // A TaskExit whose time has 2,000,000,000 nanoseconds; and a name as other languages write it.
        byte[] exit = [0x2a, 0x06, 0x10, 0x80, 0xa8, 0xd6, 0xb9, 0x07];
        await fixture.Client.Events.PublishAsync(
            Namespace.Parse("odd"), "/odd", new TypedBytes("type.googleapis.com/containerd.events.TaskExit", exit), Token);
        await fixture.Client.Events.PublishAsync(
            Namespace.Parse("odd"), "/even", new TypedBytes("type.googleapis.com/containerd.events.TaskExit", new byte[] { 0x0a, 0x01, 0x63 }), Token);

        JsonElement[] events = await EventsAsync("--since", "5m", "--filter", "namespace==odd");

        Assert.Equal(exit, events[0].GetProperty("event").GetProperty("value").GetBytesFromBase64());
        Assert.Equal("c", events[1].GetProperty("event").GetProperty("container_id").GetString());
    }

    [Fact]
    public async Task A_container_of_ctr_whose_runtime_has_options_is_shown_with_them()
    {
        await fixture.Daemon.CtrOkAsync("-n", "options", "images", "pull", "--plain-http", fixture.Image);
        await fixture.Daemon.CtrOkAsync("-n", "options", "run", "--rm", fixture.Image, "c1", "true");

        JsonElement[] events = await EventsAsync("--since", "5m", "--filter", "namespace==options,topic==\"/containers/create\"");

        JsonElement made = Assert.Single(events).GetProperty("event");
        Assert.Equal("c1", made.GetProperty("id").GetString());
        Assert.Equal(
            "containerd.runc.v1.Options",
            made.GetProperty("runtime").GetProperty("options").GetProperty("type_url").GetString());
    }

    private async Task PublishAsync(string ns, string topic) =>
        await fixture.Client.Events.PublishAsync(Namespace.Parse(ns), topic, new TypedBytes("x", default), Token);

    private Task<BufferedCommandResult> GantryAsync(params IReadOnlyList<string> arguments) =>
        fixture.Daemon.RunAsync(Path.Combine(GantryDaemon.BinDirectory, "gantry"), arguments, null);

    private Task<JsonElement[]> EventsAsync(params IReadOnlyList<string> arguments) =>
        LinesAsync(["events", .. arguments, "--format", "json"]);

    private async Task<JsonElement[]> LinesAsync(params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await GantryAsync(arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return
        [
            .. result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement),
        ];
    }
}
