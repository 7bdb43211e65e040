using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gantry.Core.Errors;

namespace Gantry.Distribution.Auth;

/// <summary>
/// A <c>config.json</c> of Docker's: credentials as <c>docker login</c> leaves them under <c>auths</c>, and which helper
/// program keeps those of which host.
/// </summary>
public sealed class DockerConfig : ICredentialSource
{
    private const int MaxBytes = 1024 * 1024;
    private const string DockerHubKey = "https://index.docker.io/v1/";

    private readonly Dictionary<string, RegistryCredential> _credentials;
    private readonly Dictionary<string, string> _helpers;
    private readonly string _store;

    private DockerConfig(
        Dictionary<string, RegistryCredential> credentials,
        Dictionary<string, string> helpers,
        string store)
    {
        _credentials = credentials;
        _helpers = helpers;
        _store = store;
    }

    /// <summary>Where the file of this user is: <c>$DOCKER_CONFIG/config.json</c> or <c>~/.docker/config.json</c>.</summary>
    public static string DefaultPath
    {
        get
        {
            string? directory = Environment.GetEnvironmentVariable("DOCKER_CONFIG");
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(string.IsNullOrEmpty(directory) ? Path.Combine(home, ".docker") : directory, "config.json");
        }
    }

    /// <summary>Reads a file; one that does not exist holds nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">InvalidArgument: it is no such file.</exception>
    public static async Task<DockerConfig> LoadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return new DockerConfig([], [], "");
        }

        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"docker config {path}: larger than {MaxBytes} bytes");
        }

        try
        {
            return Parse(await File.ReadAllBytesAsync(path, cancellationToken), path);
        }
        catch (FormatException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"docker config {path}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        string host = request.Host;
        RegistryCredential? kept = Helper(host) is { } helper ? await helper.GetAsync(ToKey(host), cancellationToken) : null;
        return kept ?? _credentials.GetValueOrDefault(host);
    }

    /// <summary>
    /// The program that keeps the credentials of a host; null when the file itself does. A program for all hosts need not
    /// be there: the file may be from another machine, and most images are for everybody.
    /// </summary>
    internal CredentialHelper? Helper(string host)
    {
        if (_helpers.GetValueOrDefault(host) is { Length: > 0 } own)
        {
            return new CredentialHelper(own);
        }

        CredentialHelper? all = _store.Length > 0 ? new CredentialHelper(_store) : null;
        return all is { IsInstalled: true } ? all : null;
    }

    /// <summary>The name by which the file and helpers know a host.</summary>
    internal static string ToKey(string host) => host == "docker.io" ? DockerHubKey : host;

    /// <summary>Reads a document.</summary>
    /// <param name="utf8">The document.</param>
    /// <exception cref="FormatException">It is no such document.</exception>
    public static DockerConfig Parse(ReadOnlySpan<byte> utf8) => Parse(utf8, "");

    private static DockerConfig Parse(ReadOnlySpan<byte> utf8, string path)
    {
        FileJson? file;
        try
        {
            file = JsonSerializer.Deserialize(utf8, DockerConfigJsonContext.Default.FileJson);
        }
        catch (JsonException e)
        {
            throw new FormatException("invalid JSON", e);
        }

        Dictionary<string, RegistryCredential> credentials = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, EntryJson? entry) in file?.Auths ?? [])
        {
            if (entry is not null && ToCredential(key, entry) is { } credential)
            {
                credentials.TryAdd(ToHost(key), credential with { Origin = path });
            }
        }

        Dictionary<string, string> helpers = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string? name) in file?.CredHelpers ?? [])
        {
            helpers.TryAdd(ToHost(key), name ?? "");
        }

        return new DockerConfig(credentials, helpers, file?.CredsStore ?? "");
    }

    private static RegistryCredential? ToCredential(string key, EntryJson entry)
    {
        (string username, string password) = (entry.Username ?? "", entry.Password ?? "");
        if (!string.IsNullOrEmpty(entry.Auth))
        {
            string text;
            try
            {
                text = Encoding.UTF8.GetString(Convert.FromBase64String(entry.Auth)).TrimEnd('\0');
            }
            catch (FormatException e)
            {
                throw new FormatException($"auths \"{key}\": auth is no base64", e);
            }

            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                throw new FormatException($"auths \"{key}\": auth has no colon");
            }

            (username, password) = (text[..colon], text[(colon + 1)..]);
        }

        RegistryCredential credential = new(username, password)
        {
            IdentityToken = entry.IdentityToken ?? "",
            RegistryToken = entry.RegistryToken ?? "",
        };
        return credential.IsEmpty ? null : credential;
    }

    // A key is a host, or a URL with path as older versions wrote it.
    internal static string ToHost(string key)
    {
        if (key == DockerHubKey)
        {
            return "docker.io";
        }

        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? rest : rest[..slash];
        return host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host;
    }

    internal sealed class FileJson
    {
        [JsonPropertyName("credHelpers")]
        public Dictionary<string, string?>? CredHelpers { get; set; }

        [JsonPropertyName("credsStore")]
        public string? CredsStore { get; set; }

        [JsonPropertyName("auths")]
        public Dictionary<string, EntryJson?>? Auths { get; set; }
    }

    internal sealed class EntryJson
    {
        [JsonPropertyName("auth")]
        public string? Auth { get; set; }

        [JsonPropertyName("username")]
        public string? Username { get; set; }

        [JsonPropertyName("password")]
        public string? Password { get; set; }

        [JsonPropertyName("identitytoken")]
        public string? IdentityToken { get; set; }

        [JsonPropertyName("registrytoken")]
        public string? RegistryToken { get; set; }
    }
}
