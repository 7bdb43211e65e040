namespace Gantry.Cli.Manual;

/// <summary>The examples of the manual, by command. Each is held against the commands when the manual is written.</summary>
internal static class CommandExamples
{
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<CommandExample>> All =
        new Dictionary<string, IReadOnlyList<CommandExample>>(StringComparer.Ordinal)
        {
            ["gantry pull"] =
            [
                new("An image of a registry:", "gantry pull docker.io/library/busybox:latest"),
            ],
            ["gantry push"] =
            [
                new("An image, under another name there:", "gantry push docker.io/library/busybox:latest registry.example:5000/busybox:latest"),
            ],
            ["gantry import"] =
            [
                new("What docker save or gantry export wrote:", "gantry import busybox.tar"),
            ],
            ["gantry export"] =
            [
                new("One image into an archive:", "gantry export -o busybox.tar docker.io/library/busybox:latest"),
            ],
            ["gantry run"] =
            [
                new("One command, and nothing is left of it:", "gantry run --rm docker.io/library/busybox:latest echo hello"),
                new("A shell:", "gantry run --rm -it docker.io/library/busybox:latest sh"),
                new("A service, in the background:", "gantry run -d --name web docker.io/library/busybox:latest httpd -f -p 8080"),
            ],
            ["gantry exec"] =
            [
                new("One more process in a container:", "gantry exec web ps"),
            ],
            ["gantry logs"] =
            [
                new("What a container writes, the last 100 lines and on:", "gantry logs -f --tail 100 web"),
            ],
            ["gantry stop"] =
            [
                new("Half a minute to end by itself:", "gantry stop --time 30s web"),
            ],
            ["gantry kill"] =
            [
                new("A signal of another kind:", "gantry kill -s SIGHUP web"),
            ],
            ["gantry ps"] =
            [
                new("For a script:", "gantry ps --format json"),
            ],
            ["gantry update"] =
            [
                new("Less memory for a container that runs:", "gantry update -m 64m web"),
            ],
            ["gantry commit"] =
            [
                new("What has changed in a container becomes an image:", "gantry commit web example.com/web:2"),
            ],
            ["gantry bundle create"] =
            [
                new("A bundle that any OCI runtime runs:", "gantry bundle create docker.io/library/busybox:latest /srv/demo -- sh"),
            ],
            ["gantry doctor"] =
            [
                new("Is everything in order?", "gantry doctor"),
            ],
            ["gantry backup"] =
            [
                new("A copy of the metadata, while the daemon works:", "gantry backup /backup/gantry.db"),
            ],
            ["gantry adopt"] =
            [
                new("What would be taken over of a containerd:", "gantry adopt /var/lib/containerd --dry-run"),
            ],
            ["gantry registry explain"] =
            [
                new("Which hosts are asked for an image, and what they say:", "gantry registry explain debian:12"),
            ],
            ["gantry completion"] =
            [
                new("For every shell of bash from now on:", "gantry completion bash > /etc/bash_completion.d/gantry"),
            ],
        };
}
