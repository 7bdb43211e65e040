namespace Gantry.Distribution.Hosts;

/// <summary>A host while its file is being read.</summary>
internal sealed class HostDraft
{
    private readonly List<HostSetting> _settings = [];

    public string Name { get; init; } = "";

    public Uri? Server { get; set; }

    public HostCapabilities Capabilities { get; set; } = HostCapabilities.All;

    public IReadOnlyList<string> CaFiles { get; set; } = [];

    public IReadOnlyList<ClientCertificate> ClientCertificates { get; set; } = [];

    public bool? SkipVerify { get; set; }

    public List<KeyValuePair<string, string>> Headers { get; } = [];

    public bool OverridePath { get; set; }

    public TimeSpan? DialTimeout { get; set; }

    public HostConfig Config => new()
    {
        Server = Server,
        Capabilities = Capabilities,
        CaFiles = CaFiles,
        ClientCertificates = ClientCertificates,
        SkipVerify = SkipVerify,
        Headers = Headers,
        OverridePath = OverridePath,
        DialTimeout = DialTimeout,
        Settings = _settings,
    };

    public void Note(string key, string value, string source) => _settings.Add(new HostSetting(key, value, source));
}
