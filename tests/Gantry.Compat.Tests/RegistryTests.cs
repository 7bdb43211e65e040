using System.Text.Json;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Registries that ask who one is, by Debian's ctr on both daemons, and by gantry.</summary>
[Collection(ImagesCollection.Name)]
public sealed class RegistryTests(RegistryFixture registries) : IClassFixture<RegistryFixture>
{
    private const string Pulls =
        """
        pull() { ctr image pull "$@" >/dev/null 2>&1; echo "$1 $2 ${!#}: $?"; }
        pull --hosts-dir "$HOSTS" "$PLAIN"
        pull --plain-http --user me:s3cret "$PASSWORD"
        pull --plain-http --user me:guess "$PASSWORD"
        pull --plain-http "$PASSWORD"
        pull --plain-http --user me:s3cret "$TOKEN"
        pull --plain-http --user me:guess "$TOKEN"
        pull --hosts-dir "$HOSTS" "$TLS"
        pull --tlscacert /nonexistent "$TLS"
        pull --hosts-dir "$HOSTS" mirrored.example/app:v1
        push() { ctr image push "$@" >/dev/null 2>&1; echo "push $1 $2 ${@: -2:1}: $?"; }
        push --hosts-dir "$HOSTS" "${TLS%:*}:pushed" "$PLAIN"
        push --plain-http --user me:s3cret "${PASSWORD%:*}:pushed" "$PLAIN"
        push --plain-http --user me:guess "${PASSWORD%:*}:never" "$PLAIN"
        push --plain-http --user me:s3cret "${TOKEN%:*}:pushed" "$PLAIN"
        push --plain-http "${TOKEN%:*}:never" "$PLAIN"
        pull --hosts-dir "$HOSTS" "${TLS%:*}:pushed"
        pull --plain-http --user me:s3cret "${TOKEN%:*}:pushed"
        pull --plain-http --user me:s3cret "${TOKEN%:*}:never"
        ctr image ls | tr -s ' ' | sort
        ctr content ls -q | sort
        ctr image rm --sync $(ctr image ls -q)
        """;

    [Fact]
    public async Task Ctr_comes_in_by_hosts_toml_and_by_user_as_it_does_with_containerd()
    {
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();

        string expected = await RunAsync(reference);
        string actual = await RunAsync(gantry);

        Assert.Contains("mirrored.example/app:v1: 0", expected, StringComparison.Ordinal);
        Assert.Equal(expected, actual);
        Assert.Empty(await gantry.LeftoversAsync());

        async Task<string> RunAsync(PrivateDaemon daemon) => Transcript.Normalise(
            (await daemon.RunAsync("/bin/bash", ["-c", Pulls], registries.Environment)).StandardOutput, daemon);
    }

    [Fact]
    public async Task Gantry_pulls_through_each_door_and_keeps_secrets_to_itself()
    {
        using TempDirectory home = new();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        MakeHelper(home);
        string before = $$$"""{"credHelpers":{"{{{registries.Token.Host}}}":"test"},"other":{"kept":[1]}}""";
        await File.WriteAllTextAsync(home["config.json"], before, TestContext.Current.CancellationToken);

        // By a password on standard input, kept in the file; by a helper; by certificate; by a mirror.
        string told = await OkAsync(
            $"""
            printf 'guess\n' | {Gantry} login -u me --password-stdin {registries.Password.Host} && exit 3
            printf 's3cret\n' | {Gantry} login -u me --password-stdin {registries.Password.Host}
            printf 's3cret\n' | {Gantry} login -u me --password-stdin {registries.Token.Host}
            {Gantry} pull {registries.Password.Host}/app:v1
            {Gantry} pull {registries.Token.Host}/app:v1
            {Gantry} pull --hosts-dir {registries.Hosts} {registries.Tls.Host}/app:v1
            {Gantry} pull --hosts-dir {registries.Hosts} mirrored.example/app:v1
            """);
        string file = await File.ReadAllTextAsync(home["config.json"], TestContext.Current.CancellationToken);
        string seen = await File.ReadAllTextAsync(home["seen"], TestContext.Current.CancellationToken);
        string out1 = await OkAsync($"{Gantry} logout {registries.Password.Host}; {Gantry} logout {registries.Token.Host}");
        BufferedCommandResult after = await ShellAsync($"{Gantry} pull {registries.Password.Host}/app:v1");
        BufferedCommandResult asked = await ShellAsync(
            $"printf 's3cret\\n' | {Gantry} pull --user me {registries.Password.Host}/app:v1");

        Assert.DoesNotContain("s3cret", told, StringComparison.Ordinal);
        Assert.DoesNotContain("bWU6czNjcmV0", told, StringComparison.Ordinal);
        Assert.Contains("login", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", gantry.Log, StringComparison.Ordinal);
        Assert.Contains("bWU6czNjcmV0", file, StringComparison.Ordinal);
        Assert.Contains("\"kept\"", file, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home["config.json"]));
        }

        Assert.False(File.Exists(home["kept"]));
        Assert.Contains($"logged out of {registries.Password.Host}", out1, StringComparison.Ordinal);
        Assert.Equal(1, after.ExitCode);
        Assert.Contains("no basic auth credentials", after.StandardError, StringComparison.Ordinal);
        Assert.True(asked.ExitCode == 0, asked.StandardError);

        async Task<string> OkAsync(string script)
        {
            BufferedCommandResult result = await ShellAsync($"set -e\n{script}");
            Assert.True(result.ExitCode == 0, $"{result.ExitCode}\n{result.StandardOutput}{result.StandardError}");
            return result.StandardOutput + result.StandardError;
        }

        Task<BufferedCommandResult> ShellAsync(string script) => gantry.RunAsync(
            "/bin/bash",
            ["-c", script],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["DOCKER_CONFIG"] = home.Path,
                ["HELPER_HOME"] = home.Path,
                ["PATH"] = $"{home.Path}:{Environment.GetEnvironmentVariable("PATH")}",
            });
    }

    [Fact]
    public async Task An_explanation_shows_hosts_answers_and_files()
    {
        await using GantryDaemon gantry = new();
        string file = Path.Combine(registries.Hosts, "mirrored.example/hosts.toml");

        BufferedCommandResult text = await gantry.GantryAsync(
            "registry", "explain", "--hosts-dir", registries.Hosts, "mirrored.example/app:v1");
        BufferedCommandResult json = await gantry.GantryAsync(
            "registry", "explain", "--hosts-dir", registries.Hosts, "--format", "json", "mirrored.example/app:v1");
        BufferedCommandResult broken = await gantry.GantryAsync(
            "registry", "explain", "--hosts-dir", registries.Hosts, "broken.example/app:v1");

        Assert.True(text.ExitCode == 0, text.StandardError);
        Assert.Contains($"1. http://127.0.0.1:9/gone/v2/, for mirrored.example", text.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("connection refused", text.StandardOutput, StringComparison.Ordinal);
        Assert.Contains($"capabilities = [\"pull\", \"resolve\"]   [{file}:4]", text.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("found, and used: ", text.StandardOutput, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json.StandardOutput);
        JsonElement[] hosts = [.. document.RootElement.GetProperty("hosts").EnumerateArray()];
        Assert.Equal([false, true, false], hosts.Select(host => host.GetProperty("used").GetBoolean()));
        Assert.Equal($"http://{registries.Plain.Host}/v2/", hosts[1].GetProperty("url").GetString());
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("broken.example/hosts.toml:1: server: must be a string", broken.StandardError, StringComparison.Ordinal);
    }

    private static string Gantry => Path.Combine(GantryDaemon.BinDirectory, "gantry");

    /// <summary>A helper that keeps one credential in a file, and what the arguments are, its own and its parent's.</summary>
    private static void MakeHelper(TempDirectory home)
    {
        string program = home["docker-credential-test"];
        File.WriteAllText(
            program,
            """
            #!/bin/bash
            for p in $$ $PPID; do tr '\0' ' ' <"/proc/$p/cmdline" >>"$HELPER_HOME/seen"; echo >>"$HELPER_HOME/seen"; done
            case $1 in
            store) cat >"$HELPER_HOME/kept" ;;
            get) [ -e "$HELPER_HOME/kept" ] && cat "$HELPER_HOME/kept" ||
                { echo "credentials not found in native keychain"; exit 1; } ;;
            erase) rm -f "$HELPER_HOME/kept" ;;
            esac
            """);
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        }
    }
}
