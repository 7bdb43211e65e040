using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Registries with each kind of door, and a directory of hosts.toml that opens them. All have the same image.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly List<RegistryServer> _servers = [];
    private TokenServer? _tokens;

    /// <summary>The directory for <c>--hosts-dir</c>.</summary>
    public string Hosts => _directory["hosts"];

    /// <summary>Everybody may, over plain http.</summary>
    public RegistryServer Plain => _servers[0];

    /// <summary>Only <c>me</c> with <c>s3cret</c>, over plain http.</summary>
    public RegistryServer Password => _servers[1];

    /// <summary>The same user, by a token server.</summary>
    public RegistryServer Token => _servers[2];

    /// <summary>https, and only for who has a certificate.</summary>
    public RegistryServer Tls => _servers[3];

    /// <summary>The names to pull, for a script.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["HOSTS"] = Hosts,
        ["PLAIN"] = $"{Plain.Host}/app:v1",
        ["PASSWORD"] = $"{Password.Host}/app:v1",
        ["TOKEN"] = $"{Token.Host}/app:v1",
        ["TLS"] = $"{Tls.Host}/app:v1",
    };

    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        _tokens = new TokenServer { Anonymous = false };
        string image = await ImageFactory.MakeBusyboxAsync(_directory["image"]);
        foreach (RegistryServerOptions options in (RegistryServerOptions[])
            [
                new(),
                new() { Username = "me", Password = "s3cret" },
                new()
                {
                    Username = "me",
                    Password = "s3cret",
                    TokenRealm = _tokens.Realm,
                    TokenCertificateFile = _tokens.CertificateFile,
                },
                new() { Tls = true, ClientCertificates = true },
            ])
        {
            RegistryServer server = await RegistryServer.StartAsync(options);
            _servers.Add(server);
            await server.PushAsync(image, "app:v1");
        }

        Write(Tls.Host, $"""
            server = "https://{Tls.Host}"
            ca = "{Tls.CaFile}"
            client = [["{Tls.ClientDirectory}/client.cert", "{Tls.ClientDirectory}/client.key"]]
            """);
        Write("mirrored.example", $"""
            server = "http://127.0.0.1:9"
            [host."http://127.0.0.1:9/gone"]
            [host."http://{Plain.Host}"]
              capabilities = ["pull", "resolve"]
            """);
        Write("broken.example", "server = 7\n");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RegistryServer server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_tokens is not null)
        {
            await _tokens.DisposeAsync();
        }

        _directory.Dispose();
    }

    private void Write(string host, string text)
    {
        Directory.CreateDirectory(Path.Combine(Hosts, host));
        File.WriteAllText(Path.Combine(Hosts, host, "hosts.toml"), text);
    }
}
