using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>What registries warn of (distribution-spec, Warnings).</summary>
public sealed class WarningTests
{
    private static readonly byte[] Manifest = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_warning_of_a_registry_is_told_once_and_fit_for_a_terminal()
    {
        await using ScriptedServer server = new(_ => Answer(
            ("Warning", "299 - \"this registry closes \\\"soon\\\"\""), ("Warning", "299 - \"a\u001b[31mb\"")));

        List<RegistryWarning> told = await WarnedAsync(server);

        Assert.Equal(
            [new RegistryWarning(server.Host, "this registry closes \"soon\""), new RegistryWarning(server.Host, "a [31mb")],
            told);
    }

    [Theory]
    [InlineData("199 - \"something else\"")]
    [InlineData("299 -")]
    [InlineData("299")]
    [InlineData("299 - \"\"")]
    [InlineData("no warning at all")]
    public async Task What_is_no_such_warning_is_passed_over(string header)
    {
        await using ScriptedServer server = new(_ => Answer(("Warning", header)));

        Assert.Empty(await WarnedAsync(server));
    }

    private static ScriptedAnswer Answer(params (string Name, string Value)[] headers) => new(200)
    {
        Body = Manifest,
        Headers =
        [
            ("Content-Type", MediaTypes.OciIndex), ("Docker-Content-Digest", Digest.OfBytes(Manifest).ToString()), .. headers,
        ],
    };

    private static async Task<List<RegistryWarning>> WarnedAsync(ScriptedServer server)
    {
        List<RegistryWarning> told = [];
        using RegistryClient client = new(new RegistryOptions { PlainHttp = true, Warned = told.Add });
        Reference name = Reference.Parse($"{server.Host}/app:v1");
        Descriptor target = await client.ResolveAsync(name, Cancel);
        await client.FetchManifestAsync(name, target, Cancel);
        return told;
    }
}
