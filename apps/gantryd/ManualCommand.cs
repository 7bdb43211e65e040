using Gantry.Manual;
using Gantry.Server;

namespace Gantry.Daemon;

/// <summary><c>gantryd man DIR</c>: writes the manual page, out of the definitions of flags and commands.</summary>
internal static class ManualCommand
{
    /// <summary>Writes it.</summary>
    /// <param name="directory">Where to.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string directory)
    {
        Directory.CreateDirectory(directory);
        ManualPage page = new("gantryd", 8, $"Gantry {BuildInfo.Version}");
        page.Heading("NAME").Paragraph($"gantryd - {Definitions.Summary}");
        page.Heading("SYNOPSIS").Synopsis("gantryd", "[flags] [command]");
        page.Heading("DESCRIPTION")
            .Paragraph("gantryd keeps images, snapshots and containers, and runs containers by shims that outlive it. It serves "
                + "containerd's API on a Unix socket, so that ctr, nerdctl, dockerd and the gantry command work with it.")
            .Paragraph("Flags win over the configuration, and the configuration over the defaults. A long name may be written with "
                + "one dash or two, and its value behind a blank or an equals sign.")
            .Paragraph("SIGTERM or SIGINT stops the daemon. Containers live on, and the next daemon on the same root and state "
                + "takes them up again.");
        page.Heading("FLAGS");
        foreach (Flag flag in Definitions.Flags)
        {
            AddFlag(page, flag);
        }

        page.Heading("COMMANDS");
        foreach (CommandDefinition command in Definitions.Commands)
        {
            page.Term(command.Words, command.Argument, command.Meaning);
            foreach (Flag flag in command.Flags)
            {
                AddFlag(page, flag);
            }
        }

        page.Heading("FILES")
            .Term("/etc/gantry/config.toml", "", "the configuration; /etc/containerd/config.toml as containerd")
            .Term("/var/lib/gantry", "", "everything durable; /var/lib/containerd as containerd")
            .Term("/run/gantry", "", "everything that need not outlive a reboot; /run/containerd as containerd")
            .Term("/run/gantry/gantry.sock", "", "the socket of the API; /run/containerd/containerd.sock as containerd");
        page.Heading("ENVIRONMENT")
            .Term("NOTIFY_SOCKET", "", "is told when the daemon serves, reloads and stops, see sd_notify(3)")
            .Term("WATCHDOG_USEC", "", "asks for signs of life: they are given as long as the daemon answers on its own socket")
            .Term("PATH", "", "is where crun or runc, shims, and programs that unpack layers are looked for");
        page.Heading("EXIT STATUS").Paragraph("0 when it was stopped or did what it was asked to; 1 when it could not, and standard "
            + "error says why.");
        page.SeeAlso([("gantry", 1), ("systemd.service", 5), ("crun", 1), ("runc", 8)]);
        page.WriteTo(directory);
        return 0;
    }

    private static void AddFlag(ManualPage page, Flag flag) =>
        page.Term(
            flag.Short.Length > 0 ? $"-{flag.Short}, --{flag.Name}" : $"--{flag.Name}", flag.Value, flag.Meaning);
}
