using System.Xml.Linq;
using Xunit;

namespace Gantry.Architecture.Tests;

/// <summary>Holds the projects against the layer table of ARCHITECTURE.md.</summary>
public sealed class LayerTests
{
    private static readonly Dictionary<string, int> Layers = new(StringComparer.Ordinal)
    {
        ["Gantry.Linux"] = 0,
        ["Gantry.Oci"] = 0,
        ["Gantry.Core"] = 1,
        ["Gantry.Api"] = 2,
        ["Gantry.Archive"] = 2,
        ["Gantry.Distribution"] = 2,
        ["Gantry.Storage"] = 2,
        ["Gantry.Snapshotters"] = 2,
        ["Gantry.Ttrpc"] = 3,
        ["Gantry.Client"] = 3,
        ["Gantry.Transfer"] = 3,
        ["Gantry.Runtime"] = 4,
        ["Gantry.Server"] = 6,
        ["gantryd"] = 7,
        ["gantry-shim"] = 7,
        ["gantry"] = 7,
    };

    public static TheoryData<string> AllProjects()
    {
        TheoryData<string> data = new();
        foreach (string project in Repository.Projects("src").Concat(Repository.Projects("apps")))
        {
            data.Add(Repository.Relative(project));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_refers_only_to_lower_layers(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(Layers.TryGetValue(name, out int layer), $"{name} is in no layer: add it to the table");

        foreach (string target in References(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)))
        {
            Assert.True(
                Layers.TryGetValue(target, out int lower) && lower < layer,
                $"{name} (layer {layer}) refers to {target} (layer {Layers.GetValueOrDefault(target, -1)})");
        }
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void The_table_in_the_architecture_document_names_every_project(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);

        string document = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));

        Assert.Contains($"`{name}`", document, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shim_sees_neither_the_web_server_nor_the_database()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        Walk("apps/gantry-shim/gantry-shim.csproj", seen);

        Assert.DoesNotContain("Gantry.Storage", seen);
        Assert.DoesNotContain("Gantry.Server", seen);
        Assert.DoesNotContain(seen, name => name.StartsWith("Microsoft.Data.", StringComparison.Ordinal)
            || name.StartsWith("Grpc.AspNetCore", StringComparison.Ordinal)
            || name.StartsWith("Grpc.Net", StringComparison.Ordinal)
            || name is "Tomlyn" or "System.CommandLine" or "Microsoft.AspNetCore.App");
    }

    private static void Walk(string project, HashSet<string> seen)
    {
        seen.UnionWith(References(project, "PackageReference"));
        seen.UnionWith(References(project, "FrameworkReference"));
        foreach (string reference in References(project, "ProjectReference"))
        {
            string name = Path.GetFileNameWithoutExtension(reference);
            if (seen.Add(name))
            {
                Walk($"src/{name}/{name}.csproj", seen);
            }
        }
    }

    private static IEnumerable<string> References(string project, string element) =>
        XDocument.Load(Path.Combine(Repository.Root, project))
            .Descendants(element)
            .Select(e => (string?)e.Attribute("Include"))
            .OfType<string>();
}
