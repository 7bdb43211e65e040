using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;

namespace Gantry.Distribution.Auth;

/// <summary>
/// A program <c>docker-credential-NAME</c> that keeps credentials
/// (<see href="https://github.com/docker/docker-credential-helpers">its protocol</see>). Secrets go through pipes, never
/// through its arguments; what it says of an error may hold one and is not passed on.
/// </summary>
internal sealed class CredentialHelper
{
    private const int OutputLimit = 64 * 1024;
    private const string NotFound = "credentials not found in native keychain";
    private const string TokenUser = "<token>";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly Lazy<IoLoop> Loop = new(IoLoop.Start);

    private readonly string _program;

    /// <param name="name">Its name after <c>docker-credential-</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: that is no such name.</exception>
    public CredentialHelper(string name)
    {
        _program = "docker-credential-" + name;
        if (name.Length > 128 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "docker config: invalid name of a credential helper");
        }
    }

    /// <summary>Whether the program is there.</summary>
    public bool IsInstalled => Spawn.Find(_program) is not null;

    /// <summary>The credential for a server; null when it has none.</summary>
    public async Task<RegistryCredential?> GetAsync(string server, CancellationToken cancellationToken)
    {
        ProgramResult result = await RunAsync("get", server, cancellationToken);
        if (result.Code != 0)
        {
            return Says(result, NotFound) ? null : throw Failed("get", result);
        }

        try
        {
            HelperJson? json = JsonSerializer.Deserialize(result.Output, HelperJsonContext.Default.HelperJson);
            (string user, string secret) = (json?.Username ?? "", json?.Secret ?? "");
            RegistryCredential credential = user == TokenUser
                ? new RegistryCredential("", "") { IdentityToken = secret, Origin = _program }
                : new RegistryCredential(user, secret) { Origin = _program };
            return credential.IsEmpty ? null : credential;
        }
        catch (JsonException)
        {
            // The text may hold a secret: it is not said what is wrong with it.
            throw new GantryException(ErrorKind.Unauthenticated, $"{_program} get: its answer can't be read");
        }
    }

    /// <summary>Keeps a credential.</summary>
    public async Task StoreAsync(string server, RegistryCredential credential, CancellationToken cancellationToken)
    {
        bool token = credential.IdentityToken.Length > 0;
        HelperJson json = new()
        {
            ServerUrl = server,
            Username = token ? TokenUser : credential.Username,
            Secret = token ? credential.IdentityToken : credential.Password,
        };
        string input = JsonSerializer.Serialize(json, HelperJsonContext.Default.HelperJson);
        ProgramResult result = await RunAsync("store", input, cancellationToken);
        if (result.Code != 0)
        {
            throw Failed("store", result);
        }
    }

    /// <summary>Forgets a credential, if there is one.</summary>
    public async Task EraseAsync(string server, CancellationToken cancellationToken)
    {
        ProgramResult result = await RunAsync("erase", server, cancellationToken);
        if (result.Code != 0 && !Says(result, NotFound))
        {
            throw Failed("erase", result);
        }
    }

    private static bool Says(ProgramResult result, string text) =>
        Encoding.UTF8.GetString(result.Output).Contains(text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _program;

    private GantryException Failed(string verb, ProgramResult result) =>
        new(ErrorKind.Unauthenticated, $"{_program} {verb}: exit code {result.Code}");

    private async Task<ProgramResult> RunAsync(string verb, string input, CancellationToken cancellationToken)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(input);
        if (bytes.Length > ProgramRun.InputLimit)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{_program} {verb}: {bytes.Length} bytes are too many");
        }

        SpawnRequest request = new()
        {
            Program = Spawn.Find(_program) ?? throw new GantryException(
                ErrorKind.Unauthenticated, $"credential helper {_program} is not installed"),
            Arguments = [verb],
        };
        try
        {
            return await ProgramRun.RunAsync(
                request, bytes, OutputLimit, Deadline, TimeProvider.System, Loop.Value, cancellationToken);
        }
        catch (Exception e) when (e is LinuxException or TimeoutException)
        {
            throw new GantryException(ErrorKind.Unauthenticated, $"{_program} {verb}: {e.Message}", e);
        }
    }

    internal sealed class HelperJson
    {
        [JsonPropertyName("ServerURL")]
        public string? ServerUrl { get; set; }

        [JsonPropertyName("Username")]
        public string? Username { get; set; }

        [JsonPropertyName("Secret")]
        public string? Secret { get; set; }
    }
}
