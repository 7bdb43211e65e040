using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Core.Errors;

namespace Gantry.Distribution.Auth;

/// <summary>
/// The credentials of a user of Docker's tools: their <c>config.json</c>, read when a registry asks, and written by
/// logging in and out. What else is in the file stays as it is.
/// </summary>
/// <param name="path">The file; it need not exist.</param>
public sealed class DockerCredentials(string path) : ICredentialSource
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <inheritdoc/>
    public async ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        DockerConfig config = await DockerConfig.LoadAsync(path, cancellationToken);
        return await config.GetAsync(request, cancellationToken);
    }

    /// <summary>Keeps the credential of a host, by its helper if it has one.</summary>
    /// <param name="host">The host, as references name it.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Where it is kept.</returns>
    /// <exception cref="GantryException">The file or the helper does not do it.</exception>
    public async Task<string> StoreAsync(string host, RegistryCredential credential, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credential);
        DockerConfig config = await DockerConfig.LoadAsync(path, cancellationToken);
        string key = DockerConfig.ToKey(host);
        if (config.Helper(host) is { } helper)
        {
            await helper.StoreAsync(key, credential, cancellationToken);
            await ChangeAsync(host, new JsonObject(), cancellationToken);
            return helper.ToString();
        }

        JsonObject entry = new()
        {
            ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}")),
        };
        if (credential.IdentityToken.Length > 0)
        {
            entry["identitytoken"] = credential.IdentityToken;
        }

        await ChangeAsync(host, entry, cancellationToken);
        return path;
    }

    /// <summary>Forgets the credential of a host.</summary>
    /// <param name="host">The host, as references name it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Whether the file knew the host.</returns>
    /// <exception cref="GantryException">The file or the helper does not do it.</exception>
    public async Task<bool> EraseAsync(string host, CancellationToken cancellationToken)
    {
        DockerConfig config = await DockerConfig.LoadAsync(path, cancellationToken);
        if (config.Helper(host) is { } helper)
        {
            await helper.EraseAsync(DockerConfig.ToKey(host), cancellationToken);
        }

        return await ChangeAsync(host, null, cancellationToken);
    }

    private async Task<bool> ChangeAsync(string host, JsonObject? entry, CancellationToken cancellationToken)
    {
        JsonObject root = await ReadAsync(cancellationToken);
        if (root["auths"] is not JsonObject auths)
        {
            auths = [];
            root["auths"] = auths;
        }

        string[] known = [.. auths.Select(pair => pair.Key).Where(
            key => string.Equals(DockerConfig.ToHost(key), host, StringComparison.OrdinalIgnoreCase))];
        foreach (string key in known)
        {
            auths.Remove(key);
        }

        if (entry is not null)
        {
            auths[DockerConfig.ToKey(host)] = entry;
        }

        if (entry is not null || known.Length > 0)
        {
            await WriteAsync(root, cancellationToken);
        }

        return known.Length > 0;
    }

    private async Task<JsonObject> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(await File.ReadAllBytesAsync(path, cancellationToken)) as JsonObject ?? [];
        }
        catch (JsonException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"docker config {path}: invalid JSON", e);
        }
    }

    // Nobody else ever sees it, and it is never half written.
    private async Task WriteAsync(JsonObject root, CancellationToken cancellationToken)
    {
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!, OwnerOnly | UnixFileMode.UserExecute);
        string temporary = $"{target}.{Guid.NewGuid():N}";
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        };
        try
        {
            await using (FileStream file = new(temporary, options))
            {
                await using (Utf8JsonWriter writer = new(file, new JsonWriterOptions { Indented = true }))
                {
                    root.WriteTo(writer);
                    await writer.FlushAsync(cancellationToken);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
