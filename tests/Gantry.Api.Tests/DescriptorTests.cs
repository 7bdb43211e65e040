using Xunit;

namespace Gantry.Api.Tests;

/// <summary>Holds what was compiled from api/**.proto against the tables of the API that clients were built with.</summary>
public sealed class DescriptorTests
{
    private static readonly string[] Tables = ["containerd-api.tsv", "containerd-legacy.tsv", "cgroups-metrics.tsv"];

    [Fact]
    public void Every_message_field_enum_and_method_is_as_the_tables_say_and_there_are_no_others()
    {
        SortedDictionary<string, string> wanted = new(StringComparer.Ordinal);
        foreach ((string key, string value) in Tables.SelectMany(ApiTable.Read))
        {
            wanted.Add(key, value);
        }

        SortedDictionary<string, string> compiled = ApiTable.Compile();

        List<string> differences =
        [
            .. wanted.Where(line => !compiled.ContainsKey(line.Key))
                .Select(line => $"missing: {line.Key} {line.Value}"),
            .. compiled.Where(line => !wanted.ContainsKey(line.Key))
                .Select(line => $"not in the tables: {line.Key} {line.Value}"),
            .. wanted.Where(line => compiled.TryGetValue(line.Key, out string? found) && found != line.Value)
                .Select(line => $"different: {line.Key} is {compiled[line.Key]}, not {line.Value}"),
        ];
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(wanted.Count > 1000, "the tables are nearly empty");
    }
}
