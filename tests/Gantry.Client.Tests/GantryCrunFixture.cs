using Gantry.Testing;

namespace Gantry.Client.Tests;

/// <summary>A private gantryd that runs containers by crun.</summary>
public sealed class GantryCrunFixture : DaemonFixture
{
    protected override async Task<PrivateDaemon> StartAsync(CancellationToken cancellationToken)
    {
        Needs.Program("crun");
        return await GantryDaemon.StartNewAsync(
            """
            [plugins."io.containerd.internal.v1.gantry"]
            default_executor = "crun"
            """);
    }
}
