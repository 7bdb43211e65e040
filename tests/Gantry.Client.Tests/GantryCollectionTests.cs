using CliWrap.Buffered;
using Gantry.Core.Collection;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>The collector over the wire, and <c>gantry gc</c>.</summary>
public sealed class GantryCollectionTests(GantryFixture fixture) : IClassFixture<GantryFixture>, IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await fixture.ReadyAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_collection_tells_what_it_removed_and_an_explanation_what_it_would()
    {
        NamespaceClient scope = fixture.Client.In(Namespace.Parse("collected"));
        byte[] data = "stray"u8.ToArray();
        Digest digest = Digest.OfBytes(data);
        await using (IContentWriter writer = await scope.Content.OpenWriterAsync("r", data.Length, digest, Token))
        {
            await writer.WriteAsync(data, Token);
            await writer.CommitAsync(data.Length, digest, new Dictionary<string, string>(StringComparer.Ordinal), Token);
        }

        Explanation explanation =
            await fixture.Client.Collector.ExplainAsync(scope.Namespace, digest.ToString(), "", Token);
        CollectionReport report = await fixture.Client.Collector.CollectAsync(Token);

        Assert.False(explanation.IsKept);
        Assert.StartsWith("nothing refers to it; it goes at the next collection", explanation.Summary, StringComparison.Ordinal);
        Assert.Equal(1, report.CountOf(ObjectKinds.Content));
        Assert.Equal(data.Length, report.Removed.First(removed => removed.Kind == ObjectKinds.Blob).Bytes);
        GantryException gone = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Client.Collector.ExplainAsync(scope.Namespace, digest.ToString(), "", Token));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
    }

    [Fact]
    public async Task The_command_line_collects_and_explains()
    {
        string program = Path.Combine(GantryDaemon.BinDirectory, "gantry");
        BufferedCommandResult gc = await fixture.Daemon.RunAsync(program, ["gc"], null);
        BufferedCommandResult image =
            await fixture.Daemon.RunAsync(program, ["gc", "explain", fixture.Image], null);
        BufferedCommandResult json =
            await fixture.Daemon.RunAsync(program, ["gc", "explain", fixture.Image, "--format", "json"], null);
        BufferedCommandResult nothing =
            await fixture.Daemon.RunAsync(program, ["gc", "explain", "nothing"], null);

        Assert.Equal(0, gc.ExitCode);
        Assert.Contains("looked at ", gc.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(
            $"image {fixture.Image}\nkept by itself: an image\n  image {fixture.Image}   (an image)\n",
            image.StandardOutput);
        Assert.Contains("\"kept\": true", json.StandardOutput, StringComparison.Ordinal);
        Assert.NotEqual(0, nothing.ExitCode);
        Assert.Equal("gantry: object \"nothing\" in namespace \"default\": not found\n", nothing.StandardError);
    }
}
