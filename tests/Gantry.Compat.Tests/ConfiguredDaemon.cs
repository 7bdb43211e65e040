using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The published gantryd with a config.toml of a test's own, and nothing else that could go before it.</summary>
internal sealed class ConfiguredDaemon : PrivateDaemon
{
    private string Config => Path.Combine(Home, "config.toml");

    private string FirstText { get; init; } = "";

    /// <summary>Starts one and returns when it answers.</summary>
    /// <param name="config">The text of its config.toml.</param>
    public static async Task<ConfiguredDaemon> StartNewAsync(string config)
    {
        ConfiguredDaemon daemon = new() { FirstText = config };
        await daemon.StartAsync(TestContext.Current.CancellationToken);
        return daemon;
    }

    /// <summary>Writes another config.toml.</summary>
    /// <param name="config">Its text.</param>
    public Task WriteAsync(string config) => File.WriteAllTextAsync(Config, config, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    protected override async Task<(string Program, IReadOnlyList<string> Arguments)> CommandAsync(CancellationToken cancellationToken)
    {
        Needs.Root();
        Needs.Program("ctr");
        await WriteAsync(FirstText);
        return (Needs.Published("gantryd"), ["-c", Config, "--root", Root, "--state", State, "-a", Address]);
    }
}
