using System.Text;
using CliWrap.Buffered;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

public abstract partial class CommandLineSuite
{
    private const string User = "tester:top-secret";

    [Theory]
    [InlineData("by the daemon")]
    [InlineData("by the command line")]
    public async Task An_image_is_pulled_as_the_user_that_is_named(string how)
    {
        using TempDirectory directory = new();
        await using FaultyRegistry registry = new();
        string image = Guard(registry, directory);
        string[] local = how == "by the command line" ? ["--local"] : [];

        BufferedCommandResult nobody = await GantryAsync(["pull", "--plain-http", .. local, image]);
        BufferedCommandResult wrong = await GantryAsync(["pull", "--plain-http", "--user", "tester:no", .. local, image]);
        BufferedCommandResult right = await GantryAsync(["pull", "--plain-http", "--user", User, .. local, image]);
        BufferedCommandResult again = await GantryAsync(["pull", "--plain-http", "--user", User, .. local, image]);

        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("no basic auth credentials", nobody.StandardError, StringComparison.Ordinal);
        Assert.Equal(1, wrong.ExitCode);
        Assert.DoesNotContain("top-secret", wrong.StandardError, StringComparison.Ordinal);
        Assert.Equal((0, image + "\n"), (right.ExitCode, right.StandardOutput));
        Assert.Contains("exists", again.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("downloading", again.StandardError, StringComparison.Ordinal);
        await RemoveAsync(image);
    }

    [Fact]
    public async Task What_an_image_lacks_is_told_in_the_same_words_by_the_daemon_and_by_the_command_line()
    {
        using TempDirectory directory = new();
        await using FaultyRegistry registry = new();
        string absent = $"{registry.Host}/team/absent:v1";

        BufferedCommandResult daemon = await GantryAsync("pull", "--plain-http", absent);
        BufferedCommandResult local = await GantryAsync("pull", "--plain-http", "--local", absent);

        Assert.Equal(1, daemon.ExitCode);
        Assert.EndsWith($"{absent}: not found\n", daemon.StandardError, StringComparison.Ordinal);
        Assert.Equal(local.StandardError, daemon.StandardError);
    }

    // Gives it an image, and has it answer nobody but the one user.
    private static string Guard(FaultyRegistry registry, TempDirectory directory)
    {
        OciLayout layout = new(directory["layout"]);
        Descriptor manifest = layout.AddImage(
            "v1", Platform.Current, [ImageFactory.AddLayer(layout, ("f", Encoding.UTF8.GetBytes(Guid.NewGuid().ToString())))]);
        string expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(User));
        registry.Spoil = (request, answer) => request.Headers.GetValueOrDefault("Authorization") == expected
            ? answer
            : new ScriptedAnswer(401) { Headers = [("WWW-Authenticate", "Basic realm=\"test\"")] };
        registry.Add(layout, "team/guarded", "v1", manifest);
        return $"{registry.Host}/team/guarded:v1";
    }
}
