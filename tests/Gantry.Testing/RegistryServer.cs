using System.Text;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace Gantry.Testing;

/// <summary>A real registry (Debian's <c>docker-registry</c>) on a free port of the loopback interface.</summary>
public sealed partial class RegistryServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _directory = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _log = new();
    private readonly RegistryServerOptions _options;
    private Task _run = Task.CompletedTask;

    private RegistryServer(RegistryServerOptions options) => _options = options;

    /// <summary>The host of references to it, <c>127.0.0.1:PORT</c>.</summary>
    public string Host { get; private set; } = "";

    /// <summary>The root of its API.</summary>
    public Uri Url => new($"{(_options.Tls ? "https" : "http")}://{Host}/");

    /// <summary>The PEM file of the authority that signed its certificate; null without TLS.</summary>
    public string? CaFile { get; private set; }

    /// <summary>With TLS: <c>ca.crt</c>, <c>client.cert</c> and <c>client.key</c>, as Docker wants them.</summary>
    public string ClientDirectory => _directory["client"];

    /// <summary>The directory in which it keeps what it has.</summary>
    public string StorageDirectory => _directory["data"];

    /// <summary>What it has logged.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a registry and returns when it listens.</summary>
    /// <param name="options">How it is to be reached; null for plain http and everybody.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<RegistryServer> StartAsync(
        RegistryServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        string program = Needs.Program("docker-registry");
        RegistryServer server = new(options ?? new RegistryServerOptions());
        try
        {
            await server.StartAsync(program, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Copies an image into the registry with skopeo.</summary>
    /// <param name="source">Where from, in skopeo's words: <c>oci:DIRECTORY:TAG</c>.</param>
    /// <param name="name">Its name there: <c>busybox:latest</c>.</param>
    /// <param name="format">The kind of manifest: <c>oci</c>, <c>v2s2</c>; null to leave it as it is.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The full reference.</returns>
    public async Task<string> PushAsync(
        string source,
        string name,
        string? format = null,
        CancellationToken cancellationToken = default)
    {
        string target = $"{Host}/{name}";
        List<string> arguments = ["copy", "--quiet", "--dest-tls-verify=false", "--insecure-policy"];
        arguments.AddRange(format is null ? ["--all"] : ["--format", format]);
        if (_options.Username is not null)
        {
            arguments.AddRange(["--dest-creds", $"{_options.Username}:{_options.Password}"]);
        }

        if (_options.ClientCertificates)
        {
            arguments.AddRange(["--dest-cert-dir", ClientDirectory]);
        }

        await Cli.Wrap(Needs.Program("skopeo"))
            .WithArguments([.. arguments, source, $"docker://{target}"])
            .ExecuteBufferedAsync(cancellationToken);
        return target;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // This is how a process ends that was told to.
        }

        _stop.Dispose();
        _directory.Dispose();
    }

    private async Task StartAsync(string program, CancellationToken cancellationToken)
    {
        string config = _directory["config.yml"];
        await File.WriteAllTextAsync(config, await ConfigAsync(cancellationToken), cancellationToken);
        TaskCompletionSource<string> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnLine(string line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }

            if (ListeningRule().Match(line) is { Success: true } match)
            {
                listening.TrySetResult(match.Groups["host"].Value);
            }
        }

        _run = Cli.Wrap(program)
            .WithArguments(["serve", config])
            .WithStandardErrorPipe(PipeTarget.ToDelegate(OnLine))
            .WithStandardOutputPipe(PipeTarget.ToDelegate(OnLine))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(_stop.Token);
        Task first = await Task.WhenAny(listening.Task, _run).WaitAsync(StartLimit, cancellationToken);
        if (first != listening.Task)
        {
            throw new InvalidOperationException($"docker-registry ended at once:\n{Log}");
        }

        Host = await listening.Task;
    }

    private async Task<string> ConfigAsync(CancellationToken cancellationToken)
    {
        StringBuilder yaml = new();
        yaml.AppendLine("version: 0.1");
        yaml.AppendLine("log: {level: info}");
        yaml.AppendLine($"storage: {{filesystem: {{rootdirectory: {StorageDirectory}}}, delete: {{enabled: true}}}}");
        if (_options.TokenRealm is not null)
        {
            yaml.AppendLine(
                $"auth: {{token: {{realm: \"{_options.TokenRealm}\", service: test-registry, issuer: test-issuer, "
                + $"rootcertbundle: {_options.TokenCertificateFile}}}}}");
        }
        else if (_options.Username is not null)
        {
            string file = _directory["htpasswd"];
            BufferedCommandResult made = await Cli.Wrap(Needs.Program("htpasswd"))
                .WithArguments(["-Bbn", _options.Username, _options.Password])
                .ExecuteBufferedAsync(cancellationToken);
            await File.WriteAllTextAsync(file, made.StandardOutput, cancellationToken);
            yaml.AppendLine($"auth: {{htpasswd: {{realm: test, path: {file}}}}}");
        }

        if (_options.ProxyOf is not null)
        {
            yaml.AppendLine($"proxy: {{remoteurl: \"{_options.ProxyOf}\"}}");
        }

        yaml.AppendLine("http:");
        yaml.AppendLine("  addr: 127.0.0.1:0");
        yaml.AppendLine("  secret: for-tests-only");
        if (_options.Tls)
        {
            await WriteCertificatesAsync(cancellationToken);
            string clients = _options.ClientCertificates ? $", clientcas: [{CaFile}]" : "";
            yaml.AppendLine(
                $"  tls: {{certificate: {_directory["server.pem"]}, key: {_directory["server.key"]}{clients}}}");
        }

        return yaml.ToString();
    }

    private async Task WriteCertificatesAsync(CancellationToken cancellationToken)
    {
        using TestAuthority authority = new();
        CaFile = _directory["ca.pem"];
        Directory.CreateDirectory(ClientDirectory);
        await File.WriteAllTextAsync(CaFile, authority.Pem, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(ClientDirectory, "ca.crt"), authority.Pem, cancellationToken);
        await authority.SignAsync(
            _directory["server.pem"], _directory["server.key"], _options.CertificateHost, cancellationToken);
        await authority.SignAsync(
            Path.Combine(ClientDirectory, "client.cert"),
            Path.Combine(ClientDirectory, "client.key"),
            "client",
            cancellationToken);
    }

    [GeneratedRegex(@"listening on (?<host>127\.0\.0\.1:\d+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ListeningRule();
}
