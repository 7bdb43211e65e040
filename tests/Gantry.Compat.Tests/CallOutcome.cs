using System.Text;

namespace Gantry.Compat.Tests;

/// <summary>What came of a call.</summary>
/// <param name="Call">The line of the table.</param>
/// <param name="Result">What was answered, or the code and the text of the error.</param>
/// <param name="Code">When the call may differ from containerd: the code that Gantry answers with, else null.</param>
internal sealed record CallOutcome(string Call, string Result, string? Code)
{
    /// <summary>Tells where Gantry differs from containerd and may not; empty for nowhere.</summary>
    public static string Differences(IEnumerable<CallOutcome> expected, IEnumerable<CallOutcome> actual)
    {
        StringBuilder text = new();
        foreach ((CallOutcome reference, CallOutcome gantry) in expected.Zip(actual))
        {
            bool same = gantry.Code switch
            {
                null => string.Equals(reference.Result, gantry.Result, StringComparison.Ordinal),
                "OK" => gantry.Result.StartsWith('{'),
                "any" => true,
                _ => gantry.Result.StartsWith(gantry.Code + ":", StringComparison.Ordinal),
            };
            if (!same)
            {
                text.AppendLine().AppendLine(gantry.Call)
                    .AppendLine("  containerd  " + reference.Result)
                    .AppendLine("  gantry      " + gantry.Result);
            }
        }

        return text.ToString();
    }
}
