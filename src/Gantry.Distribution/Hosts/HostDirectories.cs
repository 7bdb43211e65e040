using System.Text;
using Gantry.Core.Errors;

namespace Gantry.Distribution.Hosts;

/// <summary>
/// Finds what is said about a host in directories such as <c>/etc/containerd/certs.d</c>: there, in a directory of the
/// host's name, a <c>hosts.toml</c>, or certificates named as Docker wants them.
/// </summary>
public static class HostDirectories
{
    private const string FileName = "hosts.toml";
    private const int MaxFileBytes = 1024 * 1024;
    private const int MaxFiles = 1024;

    /// <summary>Where these directories are if nobody says otherwise; root's, or a user's own.</summary>
    public static IReadOnlyList<string> Default
    {
        get
        {
            if (Environment.UserName == "root")
            {
                return ["/etc/containerd/certs.d", "/etc/docker/certs.d"];
            }

            string config = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } xdg
                ? xdg
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
            return [Path.Combine(config, "containerd/certs.d"), Path.Combine(config, "docker/certs.d")];
        }
    }

    /// <summary>The hosts of a registry, in the order in which they are to be asked.</summary>
    /// <param name="roots">Directories to look in; the first that knows the host counts.</param>
    /// <param name="host">The host of a reference.</param>
    /// <exception cref="GantryException">InvalidArgument: a file can't be understood; with file, line and key.</exception>
    public static IReadOnlyList<HostConfig> Load(IReadOnlyList<string> roots, string host)
    {
        ArgumentNullException.ThrowIfNull(roots);
        string? directory = roots
            .SelectMany(root => Names(host).Select(name => Path.Combine(root, name)))
            .FirstOrDefault(Directory.Exists);
        if (directory is null)
        {
            return [new HostConfig()];
        }

        try
        {
            string file = Path.Combine(directory, FileName);
            return File.Exists(file) ? HostsFile.Parse(Read(file), file) : [Certificates(directory)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{directory}: it can't be read", e);
        }
    }

    // "host:port" may be written without the colon, which file systems of others do not like.
    private static IEnumerable<string> Names(string host)
    {
        int colon = host.LastIndexOf(':');
        if (colon > 0)
        {
            yield return $"{host[..colon]}_{host[(colon + 1)..]}_";
        }

        yield return host;
        yield return "_default";
    }

    private static string Read(string file)
    {
        if (new FileInfo(file).Length > MaxFileBytes)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{file}: larger than {MaxFileBytes} bytes");
        }

        return File.ReadAllText(file, Encoding.UTF8);
    }

    private static HostConfig Certificates(string directory)
    {
        List<string> authorities = [];
        List<ClientCertificate> clients = [];
        List<HostSetting> settings = [];
        foreach (string file in Directory.EnumerateFiles(directory).Take(MaxFiles).Order(StringComparer.Ordinal))
        {
            switch (Path.GetExtension(file))
            {
                case ".crt":
                    authorities.Add(file);
                    settings.Add(new HostSetting("ca", Path.GetFileName(file), directory));
                    break;
                case ".cert":
                    clients.Add(new ClientCertificate(file, Partner(file, ".key", "key")));
                    settings.Add(new HostSetting("client", Path.GetFileName(file), directory));
                    break;
                case ".key":
                    Partner(file, ".cert", "certificate");
                    break;
            }
        }

        return new HostConfig { CaFiles = authorities, ClientCertificates = clients, Settings = settings };
    }

    private static string Partner(string file, string extension, string what)
    {
        string other = Path.ChangeExtension(file, extension);
        return File.Exists(other)
            ? other
            : throw new GantryException(ErrorKind.InvalidArgument, $"{file}: its {what} {other} is missing");
    }
}
