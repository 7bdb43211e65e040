namespace Gantry.Oci.Runtime;

public static partial class SpecEdits
{
    private const string NetworkNamespace = "network";

    /// <summary>The types of namespaces, as the spec calls them.</summary>
    public static IReadOnlyList<string> NamespaceTypes { get; } =
        ["pid", NetworkNamespace, "ipc", "uts", "mount", "user", "cgroup", "time"];

    /// <summary>Gives the container a namespace of its own, or one to join.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="type">One of <see cref="NamespaceTypes"/>.</param>
    /// <param name="path">The namespace to join; null: a new one.</param>
    /// <exception cref="FormatException">There is no such type.</exception>
    public static RuntimeSpec WithNamespace(this RuntimeSpec spec, string type, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (!NamespaceTypes.Contains(type))
        {
            throw new FormatException(
                $"namespace type \"{type}\": not one of {string.Join(", ", NamespaceTypes)}");
        }

        return OnLinux(spec, linux =>
        {
            List<SpecNamespace> namespaces = [.. linux.Namespaces ?? []];
            SpecNamespace wanted = new() { Type = type, Path = path };
            int index = namespaces.FindIndex(n => n.Type == type);
            if (index >= 0)
            {
                namespaces[index] = wanted;
            }
            else
            {
                namespaces.Add(wanted);
            }

            return linux with { Namespaces = namespaces };
        });
    }

    /// <summary>Lets the container share a namespace with the host.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="type">One of <see cref="NamespaceTypes"/>.</param>
    public static RuntimeSpec WithHostNamespace(this RuntimeSpec spec, string type)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return OnLinux(spec, l => l with { Namespaces = [.. (l.Namespaces ?? []).Where(n => n.Type != type)] });
    }

    /// <summary>Lets the container share the network of the host, with the files that name others in it.</summary>
    /// <param name="spec">The spec.</param>
    public static RuntimeSpec WithHostNetwork(this RuntimeSpec spec) =>
        spec.WithHostNamespace(NetworkNamespace).WithMounts([HostFile("/etc/hosts"), HostFile("/etc/resolv.conf")]);

    /// <summary>
    /// Lets the container share the ipc namespace of the host and see its <c>/dev/shm</c>. (Message queues belong to the
    /// namespace itself.)
    /// </summary>
    /// <param name="spec">The spec.</param>
    public static RuntimeSpec WithHostIpc(this RuntimeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.WithHostNamespace("ipc") with
        {
            Mounts =
            [
                .. (spec.Mounts ?? []).Select(m => m is { Destination: "/dev/shm", Type: "tmpfs" }
                    ? new SpecMount
                    {
                        Destination = m.Destination,
                        Type = "bind",
                        Source = m.Destination,
                        Options = ["rbind", "nosuid", "noexec", "nodev"],
                    }
                    : m),
            ],
        };
    }

    /// <summary>Gives the container a user namespace.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="uids">The user ids that it has.</param>
    /// <param name="gids">The group ids that it has.</param>
    /// <exception cref="FormatException">See <see cref="IdRanges.Check"/>.</exception>
    public static RuntimeSpec WithUserNamespace(
        this RuntimeSpec spec,
        IReadOnlyList<SpecIdMapping> uids,
        IReadOnlyList<SpecIdMapping> gids)
    {
        IdRanges.Check(uids, "user");
        IdRanges.Check(gids, "group");
        return OnLinux(spec.WithNamespace("user"), l => l with { UidMappings = uids, GidMappings = gids });
    }

    /// <summary>Sets kernel parameters.</summary>
    /// <param name="spec">The spec, whose namespaces are set already.</param>
    /// <param name="sysctls">The parameters; none: nothing changes.</param>
    /// <exception cref="FormatException">One belongs to the host, or to a namespace that the host shares.</exception>
    public static RuntimeSpec WithSysctls(this RuntimeSpec spec, IReadOnlyDictionary<string, string> sysctls)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(sysctls);
        if (sysctls.Count == 0)
        {
            return spec;
        }

        foreach (string name in sysctls.Keys)
        {
            string type = NamespaceOf(name)
                ?? throw new FormatException($"sysctl \"{name}\": it belongs to the host, not to a container");
            if (!(spec.Linux?.Namespaces ?? []).Any(n => n.Type == type))
            {
                throw new FormatException($"sysctl \"{name}\": the container shares its {type} namespace with the host");
            }
        }

        return OnLinux(spec, l => l with { Sysctl = Merge(l.Sysctl, sysctls) });
    }

    /// <summary>The namespace that a kernel parameter belongs to; null: none.</summary>
    private static string? NamespaceOf(string sysctl) => sysctl switch
    {
        "kernel.msgmax" or "kernel.msgmnb" or "kernel.msgmni" or "kernel.sem" or "kernel.shmall" or "kernel.shmmax"
            or "kernel.shmmni" or "kernel.shm_rmid_forced" => "ipc",
        "kernel.domainname" => "uts",
        _ when sysctl.StartsWith("fs.mqueue.", StringComparison.Ordinal) => "ipc",
        _ when sysctl.StartsWith("net.", StringComparison.Ordinal) => NetworkNamespace,
        _ => null,
    };

    private static SpecMount HostFile(string path) =>
        new() { Destination = path, Type = "bind", Source = path, Options = ["rbind", "ro"] };
}
