using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gantry.Core.Maintenance;

/// <summary>Findings as programs print them.</summary>
public static class FindingText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A finding for people: a line, and a second one where there is something to be done about it.</summary>
    /// <param name="finding">The finding.</param>
    public static string ForPeople(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        string severity = finding.Severity.ToString().ToLowerInvariant();
        string subject = finding.Subject.Length > 0 ? finding.Subject + ": " : "";
        string action = finding.Outcome switch
        {
            FindingOutcome.Repaired => $"repaired: {finding.Remedy}",
            FindingOutcome.NotRepaired => $"not repaired: {finding.Detail}",
            _ when finding.Remedy.Length > 0 => $"repair: {finding.Remedy}",
            _ => "",
        };
        string line = $"{severity,-8} {finding.Area,-10} {subject}{finding.Problem}".ReplaceLineEndings(" ");
        return action.Length > 0 ? $"{line}\n{"",-20}{action.ReplaceLineEndings(" ")}" : line;
    }

    /// <summary>A finding for programs: an object of JSON on one line.</summary>
    /// <param name="finding">The finding.</param>
    public static string ForPrograms(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
            json.WriteString("area", finding.Area);
            json.WriteString("subject", finding.Subject);
            json.WriteString("problem", finding.Problem);
            json.WriteString("remedy", finding.Remedy);
            json.WriteString("outcome", finding.Outcome switch
            {
                FindingOutcome.Repaired => "repaired",
                FindingOutcome.NotRepaired => "not-repaired",
                _ => "reported",
            });
            json.WriteString("detail", finding.Detail);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
