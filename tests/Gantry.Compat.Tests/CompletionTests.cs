using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Completion in real shells: a line is typed with a tab in it, and what the shell then runs is looked at.</summary>
[Collection(ImagesCollection.Name)]
public sealed class CompletionTests(Images images)
{
    // Arguments: a directory to work in, and the line. The shell runs at a terminal, as for a user.
    private const string Bash = """
        gantry completion bash >"$1/gantry.bash"
        cat >"$1/rc" <<EOT
        PS1=
        bind 'set bell-style none'
        bind 'set enable-bracketed-paste off'
        source "$1/gantry.bash"
        gantry() { printf 'RAN<%s>\n' "\$*"; }
        EOT
        printf '%b\nexit\n' "$2" | TERM=dumb script -qc "bash --noprofile --rcfile $1/rc -i" /dev/null | grep -ao 'RAN<.*>'
        """;

    private const string Zsh = """
        mkdir "$1/functions"
        gantry completion zsh >"$1/functions/_gantry"
        cat >"$1/type.zsh" <<'EOT'
        zmodload zsh/zpty
        zpty z 'zsh -f -i'
        zpty -w z "PS1=; fpath=($1/functions \$fpath); autoload -Uz compinit; compinit -u -d $1/dump"
        zpty -w z 'gantry() { print "RAN<$*>" }; unsetopt zle_bracketed_paste; print READY'
        zpty -r -m z out '*READY*READY*'
        zpty -w -n z "$2"$'\n'
        zpty -r -m z out '*RAN<*>*' && print -r -- "$out" | grep -ao 'RAN<.*>'
        zpty -d z
        EOT
        timeout 60 zsh -f "$1/type.zsh" "$1" "$(printf '%b' "$2")"
        """;

    private const string Fish = """
        gantry completion fish >"$1/gantry.fish"
        line=$(printf '%s' "$2" | sed 's/\\t.*//')
        word=$(LINE=$line fish --no-config -c 'source $argv[1]; complete -C "$LINE"' "$1/gantry.fish" | cut -f 1)
        set -- $line
        shift
        last=
        for arg; do rest="$rest$last"; last="$arg "; done
        printf 'RAN<%s%s>\n' "$rest" "$word"
        """;

    public static TheoryData<string> Shells => ["bash", "zsh", "fish"];

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Commands_options_and_names_are_completed(string shell)
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync("container", "create", images.Busybox, "web1");
        string registry = images.Registry[..^1];

        Assert.Equal("stop", await TypeAsync(gantry, shell, @"gantry sto\t"));
        Assert.Equal("stop web1", await TypeAsync(gantry, shell, @"gantry stop w\t"));
        Assert.Equal($"rmi {images.Busybox}", await TypeAsync(gantry, shell, $@"gantry rmi {registry}\t"));
        Assert.Equal($"rmi {images.Busybox}", await TypeAsync(gantry, shell, $@"gantry rmi {images.Registry}/busy\t"));
        Assert.Equal("ps --format=json", await TypeAsync(gantry, shell, @"gantry ps --format=j\t"));
        Assert.Equal("snapshots info web1", await TypeAsync(gantry, shell, @"gantry snapshots info w\t"));
        Assert.Equal($"import {gantry.Home}/config.toml", await TypeAsync(gantry, shell, $@"gantry import {gantry.Home}/conf\t"));
    }

    [Theory]
    [InlineData("", "pull")]
    [InlineData("run --rm -it ", null)]
    [InlineData("exec -it --cwd / web1 ", null)]
    [InlineData("kill -s SIGK", "SIGKILL")]
    [InlineData("image con", "convert")]
    [InlineData("completion ", "fish")]
    [InlineData("run --na", "--name")]
    [InlineData("export -o ", ":files")]
    [InlineData("snapshots --snapshotter overlayfs info ", null)]
    public async Task Without_a_daemon_what_needs_none_is_completed_and_nothing_is_said(string typed, string? offered)
    {
        string[] words = typed.Split(' ');
        BufferedCommandResult result = await Cli.Wrap(Path.Combine(GantryDaemon.BinDirectory, "gantry"))
            .WithArguments(["__complete", "--address", "/nonexistent", .. words])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.StandardError);
        string[] lines = [.. result.StandardOutput.Split('\n').Select(line => line.Split('\t')[0])];
        Assert.True(offered is null ? lines is [""] : lines.Contains(offered), result.StandardOutput);
    }

    private static async Task<string> TypeAsync(GantryDaemon gantry, string shell, string line)
    {
        Needs.Program(shell);
        using TempDirectory directory = new();
        string script = shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        };
        BufferedCommandResult result = await gantry.RunAsync(
            "bash",
            ["-c", script, "bash", directory.Path, line],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["PATH"] = $"{GantryDaemon.BinDirectory}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = directory.Path,
            });
        string ran = result.StandardOutput.Trim();
        Assert.True(ran.StartsWith("RAN<", StringComparison.Ordinal), $"{line}: {ran}{result.StandardError}");
        return ran["RAN<".Length..^1].TrimEnd();
    }
}
