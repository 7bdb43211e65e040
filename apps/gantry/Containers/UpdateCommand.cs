using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry update</c>: changes the limits of containers, of running ones at once.</summary>
/// <remarks>
/// 1. Put the limits over those of the spec, which finds out whether they go together.
/// 2. Change the running task: what the kernel refuses is not written down.
/// 3. Change the record, so that the next start has the same limits and <c>gantry inspect</c> shows them.
/// </remarks>
internal static class UpdateCommand
{
    public static Command Create()
    {
        Command command = new("update", "Change the limits of containers");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        ResourceOptions options = new();
        command.Add(containers);
        options.AddTo(command);
        command.SetAction(Session.Action((session, parse) =>
        {
            ResourceLimits limits = options.ToLimits(parse);
            return limits.Over(new SpecResources()) == new SpecResources()
                ? throw new FormatException("which limit? (see gantry update --help)")
                : Each.RunAsync(parse.GetValue(containers)!, id => UpdateAsync(session, id, limits));
        }));
        return command;
    }

    private static async Task UpdateAsync(Session session, string id, ResourceLimits limits)
    {
        // Step 1
        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        RuntimeSpec old = container.Spec is { } bytes
            ? RuntimeSpecJson.ReadSpec(bytes.Value.Span)
            : throw new GantryException(ErrorKind.FailedPrecondition, $"container \"{id}\": it has no spec");
        RuntimeSpec spec = old.WithLimits(limits);

        // Step 2: the rules about devices stay as they are.
        SpecResources change = limits.Over(new SpecResources
        {
            Memory = old.Linux?.Resources?.Memory,
            Cpu = old.Linux?.Resources?.Cpu,
        });
        try
        {
            await session.Scope.Tasks.UpdateAsync(
                id,
                new TypedBytes(RuntimeSpecJson.ResourcesTypeUrl, RuntimeSpecJson.ToBytes(change)),
                session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound || IsOver(e))
        {
            // It does not run: the next start will see to it.
        }

        // Step 3
        await session.Scope.Containers.UpdateAsync(
            container with { Spec = new TypedBytes(RuntimeSpecJson.SpecTypeUrl, RuntimeSpecJson.ToBytes(spec)) },
            new FieldMask(["spec"]),
            session.Token);
    }

    private static bool IsOver(GantryException e) =>
        e.Kind is ErrorKind.FailedPrecondition && e.Message.Contains("stopped", StringComparison.Ordinal);
}
