using System.CommandLine;

namespace Gantry.Cli.Registries;

/// <summary><c>gantry registry</c>: what concerns registries and no daemon.</summary>
internal static class RegistryCommand
{
    public static Command Create() => new("registry", "Registries, and how they are reached") { ExplainCommand.Create() };
}
