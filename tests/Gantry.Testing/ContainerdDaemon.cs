using Xunit;

namespace Gantry.Testing;

/// <summary>Debian's containerd, private: the reference.</summary>
public sealed class ContainerdDaemon : PrivateDaemon
{
    /// <summary>Starts one and returns when it answers.</summary>
    /// <param name="pathPrefix">A directory to find shims in first, and another containerd if there is one; null for none.</param>
    /// <param name="config">More lines of its config.toml; empty for none.</param>
    public static async Task<ContainerdDaemon> StartNewAsync(string? pathPrefix = null, string config = "")
    {
        ContainerdDaemon daemon = new() { PathPrefix = pathPrefix, Config = config };
        await daemon.StartAsync(TestContext.Current.CancellationToken);
        return daemon;
    }

    private string? PathPrefix { get; init; }

    private string Config { get; init; } = "";

    /// <inheritdoc/>
    protected override async Task<(string Program, IReadOnlyList<string> Arguments)> CommandAsync(
        CancellationToken cancellationToken)
    {
        Needs.Root();
        string? other = PathPrefix is null ? null : Path.Combine(PathPrefix, "containerd");
        string program = File.Exists(other) ? other : Needs.Program("containerd");
        Needs.Program("ctr");
        string config = Path.Combine(Home, "config.toml");
        await File.WriteAllTextAsync(
            config,
            $"""
            version = 2
            root = "{Root}"
            state = "{State}"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
            address = "{Address}"
            {Config}
            """,
            cancellationToken);
        return PathPrefix is null
            ? (program, ["-c", config])
            : (Needs.Program("env"), [$"PATH={PathPrefix}:{Environment.GetEnvironmentVariable("PATH")}", program, "-c", config]);
    }
}
