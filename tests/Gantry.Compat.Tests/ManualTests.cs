using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The manual pages that the programs write of themselves.</summary>
public sealed class ManualTests
{
    [Fact]
    public async Task Pages_are_read_without_a_complaint_by_man_and_mandoc()
    {
        using TempDirectory directory = await WriteAsync();
        string[] pages = Directory.GetFiles(directory.Path);

        Assert.Contains(directory["gantry-image-convert.1"], pages);
        Assert.Contains(directory["gantryd.8"], pages);
        foreach (string page in pages)
        {
            BufferedCommandResult man = await RunAsync("man", "--warnings", "-l", page);
            Assert.Equal("", man.StandardError);
            BufferedCommandResult mandoc = await RunAsync("mandoc", "-T", "lint", "-W", "warning", page);
            Assert.Equal("", mandoc.StandardOutput);
        }
    }

    [Fact]
    public async Task Every_command_has_a_page_and_every_option_is_on_it()
    {
        using TempDirectory directory = await WriteAsync();
        foreach (string page in Directory.GetFiles(directory.Path, "gantry*.1"))
        {
            string[] words = Path.GetFileNameWithoutExtension(page).Split('-')[1..];
            string help = (await RunAsync(Needs.Published("gantry"), [.. words, "--help"])).StandardOutput;
            string text = (await RunAsync("man", "-l", page)).StandardOutput;
            string[] unsaid = [.. help[help.IndexOf("Options:", StringComparison.Ordinal)..].Split('\n')
                .Where(line => line.StartsWith("  -", StringComparison.Ordinal))
                .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeWhile(word => word[0] == '-'))
                .Select(word => word.TrimEnd(','))
                .Where(word => word is not ("-?" or "-h") && !text.Contains(word, StringComparison.Ordinal))];
            Assert.True(unsaid.Length == 0, $"{page}: {string.Join(' ', unsaid)}");
        }

        string root = (await RunAsync(Needs.Published("gantry"), "--help")).StandardOutput;
        string[] missing = [.. root[root.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1)
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ')
            .Select(line => line.Trim().Split("  ")[0].Split('<')[0])
            .Where(names => !names.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Any(name => File.Exists(directory[$"gantry-{name}.1"])))];
        Assert.Empty(missing);
    }

    [Fact]
    public async Task Help_of_the_daemon_and_its_page_say_the_same()
    {
        using TempDirectory directory = await WriteAsync();

        string help = (await RunAsync(Needs.Published("gantryd"), "--help")).StandardOutput;
        string text = (await RunAsync("man", "-l", directory["gantryd.8"])).StandardOutput;

        Assert.Contains("--as-containerd", help, StringComparison.Ordinal);
        Assert.All(
            help.Split([' ', '\n', ',', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
                .Where(word => word.StartsWith("--", StringComparison.Ordinal)),
            flag => Assert.Contains(flag, text, StringComparison.Ordinal));
    }

    private static async Task<TempDirectory> WriteAsync()
    {
        TempDirectory directory = new();
        await RunAsync(Needs.Published("gantry"), "man", directory.Path);
        await RunAsync(Needs.Published("gantryd"), "man", directory.Path);
        return directory;
    }

    private static async Task<BufferedCommandResult> RunAsync(string program, params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await Cli.Wrap(program[0] == '/' ? program : Needs.Program(program))
            .WithArguments(arguments)
            .WithEnvironmentVariables(e => e.Set("MANWIDTH", "200").Set("LC_ALL", "C.UTF-8"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0 || program == "mandoc", $"{program}: {result.StandardError}");
        return result;
    }
}
