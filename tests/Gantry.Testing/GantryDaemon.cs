using CliWrap.Buffered;
using Xunit;

namespace Gantry.Testing;

/// <summary>The published gantryd, private. The variable <c>GANTRY_BIN</c> says where the programs are.</summary>
public sealed class GantryDaemon : PrivateDaemon
{
    /// <summary>Makes one with directories of its own, not started.</summary>
    public GantryDaemon()
        : this(null)
    {
    }

    private GantryDaemon(PrivateDaemon? other)
        : base(other)
    {
    }

    /// <summary>The directory of the published programs.</summary>
    public static string BinDirectory => Path.GetDirectoryName(Needs.Published("gantryd"))!;

    /// <summary>More lines of its config.toml; empty for none.</summary>
    public string Config { get; init; } = "";

    /// <summary>A directory in which it finds programs before all others; empty for none.</summary>
    public string PathPrefix { get; set; } = "";

    /// <summary>More environment of it, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary>
    /// The reference runs containers by runc; so does this one unless a test says otherwise, so that the words of the OCI
    /// runtime can be compared.
    /// </summary>
    private string Executor => Config.Contains("default_executor", StringComparison.Ordinal)
        ? ""
        : """
            [plugins."io.containerd.internal.v1.gantry"]
            default_executor = "runc"
            """;

    /// <summary>Starts one and returns when it answers.</summary>
    /// <param name="config">More lines of its config.toml; empty for none.</param>
    public static async Task<GantryDaemon> StartNewAsync(string config = "")
    {
        GantryDaemon daemon = new() { Config = config };
        await daemon.StartAsync(TestContext.Current.CancellationToken);
        return daemon;
    }

    /// <summary>Makes one, not started, on the directories and the socket of another.</summary>
    /// <param name="other">The other, which is stopped and outlives this one.</param>
    public static GantryDaemon On(PrivateDaemon other) => new(other);

    /// <summary>Runs the published <c>gantry</c> against it.</summary>
    public Task<BufferedCommandResult> GantryAsync(params IReadOnlyList<string> arguments) =>
        RunAsync(Path.Combine(BinDirectory, "gantry"), arguments, null);

    /// <inheritdoc/>
    protected override async Task<(string Program, IReadOnlyList<string> Arguments)> CommandAsync(
        CancellationToken cancellationToken)
    {
        Needs.Root();
        Needs.Program("ctr");
        string config = Path.Combine(Home, "config.toml");
        await File.WriteAllTextAsync(config, $"version = 2\n{Config}\n{Executor}", cancellationToken);
        string program = Path.Combine(BinDirectory, "gantryd");
        string[] arguments = ["-c", config, "--root", Root, "--state", State, "-a", Address, "-l", "debug"];
        string[] variables = PathPrefix.Length == 0
            ? [.. Variables]
            : [$"PATH={PathPrefix}:{Environment.GetEnvironmentVariable("PATH")}", .. Variables];
        return variables.Length == 0
            ? (program, arguments)
            : (Needs.Program("env"), [.. variables, program, .. arguments]);
    }
}
