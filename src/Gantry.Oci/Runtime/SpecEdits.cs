namespace Gantry.Oci.Runtime;

/// <summary>Changes to the spec of a container, each a new spec, to be put one behind the other.</summary>
public static partial class SpecEdits
{
    /// <summary>Adds annotations over those that are there.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="annotations">The annotations; none: nothing changes.</param>
    public static RuntimeSpec WithAnnotations(
        this RuntimeSpec spec,
        IReadOnlyDictionary<string, string> annotations)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(annotations);
        return annotations.Count == 0
            ? spec
            : spec with { Annotations = Merge(spec.Annotations, annotations) };
    }

    /// <summary>Sets the hooks.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="hooks">The hooks.</param>
    /// <exception cref="FormatException">A program is not named by an absolute path.</exception>
    public static RuntimeSpec WithHooks(this RuntimeSpec spec, SpecHooks hooks)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(hooks);
        foreach ((string kind, IReadOnlyList<SpecHook> list) in hooks.All)
        {
            foreach (SpecHook hook in list)
            {
                if (!hook.Path.StartsWith('/'))
                {
                    throw new FormatException($"{kind} hook \"{hook.Path}\": not an absolute path");
                }

                if (hook.Timeout is <= 0)
                {
                    throw new FormatException($"{kind} hook \"{hook.Path}\": timeout {hook.Timeout} is not positive");
                }
            }
        }

        return spec with { Hooks = hooks };
    }

    private static RuntimeSpec OnProcess(RuntimeSpec spec, Func<SpecProcess, SpecProcess> edit) =>
        spec with { Process = edit(spec.Process ?? new SpecProcess()) };

    private static RuntimeSpec OnLinux(RuntimeSpec spec, Func<SpecLinux, SpecLinux> edit) =>
        spec with { Linux = edit(spec.Linux ?? new SpecLinux()) };

    private static RuntimeSpec OnResources(RuntimeSpec spec, Func<SpecResources, SpecResources> edit) =>
        OnLinux(spec, linux => linux with { Resources = edit(linux.Resources ?? new SpecResources()) });

    private static Dictionary<string, string> Merge(
        IReadOnlyDictionary<string, string>? old,
        IReadOnlyDictionary<string, string> added)
    {
        Dictionary<string, string> merged = old is null
            ? new(StringComparer.Ordinal)
            : new(old, StringComparer.Ordinal);
        foreach ((string key, string value) in added)
        {
            merged[key] = value;
        }

        return merged;
    }
}
