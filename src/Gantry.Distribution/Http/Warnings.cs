using System.Net.Http.Headers;

namespace Gantry.Distribution.Http;

/// <summary>Tells what registries warn of (distribution-spec, Warnings), each once.</summary>
/// <param name="warned">Is told; null for nobody.</param>
internal sealed class Warnings(Action<RegistryWarning>? warned)
{
    private const int Miscellaneous = 299;
    private const int MaxText = 4096;
    private const int MaxWarnings = 64;

    // Guards _told.
    private readonly Lock _gate = new();
    private readonly HashSet<RegistryWarning> _told = [];

    /// <summary>Looks at an answer of the registry's own.</summary>
    public void Read(Uri host, HttpResponseMessage response)
    {
        if (warned is null)
        {
            return;
        }

        foreach (WarningHeaderValue header in response.Headers.Warning)
        {
            if (header.Code == Miscellaneous && Text(header.Text) is { Length: > 0 } text
                && new RegistryWarning(host.Authority, text) is var warning && IsNews(warning))
            {
                warned(warning);
            }
        }
    }

    // It is in quotes, and ends up on terminals.
    private static string Text(string quoted)
    {
        string text = quoted.Length >= 2 && quoted[0] == '"' && quoted[^1] == '"' ? quoted[1..^1] : quoted;
        text = text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
        return string.Concat(text.Take(MaxText).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }

    private bool IsNews(RegistryWarning warning)
    {
        lock (_gate)
        {
            return _told.Count < MaxWarnings && _told.Add(warning);
        }
    }
}
