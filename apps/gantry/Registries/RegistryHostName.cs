using System.CommandLine;
using Gantry.Oci.Image;

namespace Gantry.Cli.Registries;

/// <summary>The host of a registry as a user writes it.</summary>
internal static class RegistryHostName
{
    private const string DockerHub = "docker.io";

    /// <summary>The argument that names it.</summary>
    public static Argument<string?> Argument() => new("host")
    {
        Description = "The registry, such as registry.example:5000; docker.io if absent",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>The host as references name it; Docker Hub's if none is written.</summary>
    /// <exception cref="FormatException">It is no host.</exception>
    public static string Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return DockerHub;
        }

        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        string host = (scheme < 0 ? text : text[(scheme + 3)..]).TrimEnd('/');
        return host is "index.docker.io" or "index.docker.io/v1" or "registry-1.docker.io"
            ? DockerHub
            : Reference.TryParse($"{host}/any:any", out Reference? reference, out _) && reference!.Host == host
                ? host
                : throw new FormatException($"\"{text}\" is no host of a registry such as registry.example:5000");
    }
}
