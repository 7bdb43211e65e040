using Gantry.Oci.Image;

namespace Gantry.Oci.Runtime;

/// <summary>Makes the spec of a container from the defaults, what its image says, and what its user wants.</summary>
public static class SpecBuilder
{
    private const long DefaultCpuShares = 1024;

    /// <summary>Makes a spec.</summary>
    /// <param name="containerdNamespace">The containerd namespace of the container.</param>
    /// <param name="id">The id of the container.</param>
    /// <param name="image">What the image says.</param>
    /// <param name="user">Who the process runs as, see <see cref="UserDatabase.Resolve"/>.</param>
    /// <param name="options">What the caller wants.</param>
    /// <exception cref="FormatException">There is no command, or an option is out of range.</exception>
    public static RuntimeSpec Build(
        string containerdNamespace,
        string id,
        ContainerDefaults image,
        SpecUser user,
        SpecOptions options)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(options);
        RuntimeSpec spec = DefaultSpec.Create(containerdNamespace, id);
        return options.Edit((spec with { Process = Process(spec.Process!, image, user, options) })
            .WithLimits(new ResourceLimits { CpuShares = DefaultCpuShares }));
    }

    /// <summary>Puts environment variables over others: a name that is there already is replaced where it stands.</summary>
    /// <param name="defaults">The variables to start from.</param>
    /// <param name="overrides"><c>NAME=value</c> to set, <c>NAME</c> to remove.</param>
    /// <exception cref="FormatException">A variable has no name.</exception>
    public static IReadOnlyList<string> MergeEnvironment(
        IReadOnlyList<string> defaults,
        IReadOnlyList<string> overrides)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(overrides);
        List<string> merged = [.. defaults];
        foreach (string variable in overrides)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? variable : variable[..equals];
            if (name.Length == 0)
            {
                throw new FormatException($"environment variable \"{variable}\": no name");
            }

            int index = merged.FindIndex(v => NameOf(v).SequenceEqual(name));
            if (equals < 0)
            {
                if (index >= 0)
                {
                    merged.RemoveAt(index);
                }
            }
            else if (index >= 0)
            {
                merged[index] = variable;
            }
            else
            {
                merged.Add(variable);
            }
        }

        return merged;
    }

    private static SpecProcess Process(SpecProcess process, ContainerDefaults image, SpecUser user, SpecOptions options)
    {
        IReadOnlyList<string> args = options.Args.Count > 0 ? options.Args : [.. image.Entrypoint, .. image.Cmd];
        if (args.Count == 0)
        {
            throw new FormatException("no command: the image sets none and none is given");
        }

        string cwd = options.Cwd ?? (image.WorkingDir.Length > 0 ? image.WorkingDir : "/");
        if (!cwd.StartsWith('/'))
        {
            throw new FormatException($"working directory \"{cwd}\": not absolute");
        }

        IReadOnlyList<string> env = image.Env.Count > 0 ? image.Env : [DefaultSpec.DefaultPath];
        if (options.Terminal)
        {
            env = MergeEnvironment(env, ["TERM=xterm"]);
        }

        return process with
        {
            Args = args,
            Cwd = cwd,
            User = user,
            Env = MergeEnvironment(env, options.Env),
            Terminal = options.Terminal ? true : null,
        };
    }

    private static ReadOnlySpan<char> NameOf(string variable)
    {
        int equals = variable.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? variable : variable.AsSpan(0, equals);
    }
}
