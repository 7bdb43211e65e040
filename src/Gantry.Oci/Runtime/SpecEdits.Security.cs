namespace Gantry.Oci.Runtime;

public static partial class SpecEdits
{
    private const int MinOomScoreAdj = -1000;
    private const int MaxOomScoreAdj = 1000;

    /// <summary>Sets the capabilities: bounding, effective and permitted.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="capabilities">Names such as <c>CAP_CHOWN</c>.</param>
    public static RuntimeSpec WithCapabilities(this RuntimeSpec spec, IReadOnlyList<string> capabilities) =>
        OnProcess(spec, process => process with
        {
            Capabilities = (process.Capabilities ?? new SpecCapabilities()) with
            {
                Bounding = capabilities,
                Effective = capabilities,
                Permitted = capabilities,
            },
        });

    /// <summary>
    /// Lets the container do what the host does: all capabilities, all devices, no masked and no read-only paths, no
    /// filter of system calls, no profile, writable <c>/sys</c>.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="capabilities">All capabilities that there are to give.</param>
    /// <param name="devices">All devices of the host.</param>
    public static RuntimeSpec WithPrivileges(
        this RuntimeSpec spec,
        IReadOnlyList<string> capabilities,
        IReadOnlyList<SpecDevice> devices)
    {
        ArgumentNullException.ThrowIfNull(spec);
        RuntimeSpec open = spec.WithCapabilities(capabilities).WithoutGuardedPaths().WithSeccomp(null) with
        {
            Mounts =
            [
                .. (spec.Mounts ?? []).Select(m => m.Type is "sysfs" or "cgroup" && m.Options is { } options
                    ? m with { Options = [.. options.Select(o => o == "ro" ? "rw" : o)] }
                    : m),
            ],
        };
        open = OnProcess(open, p => p with { ApparmorProfile = null, SelinuxLabel = null });
        open = OnLinux(open, l => l with { Devices = [.. l.Devices ?? [], .. devices] });
        return OnResources(open, r => r with { Devices = [new SpecDeviceRule { Allow = true, Access = "rwm" }] });
    }

    /// <summary>Sets or takes away the filter of system calls.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="seccomp">The filter; null: none.</param>
    public static RuntimeSpec WithSeccomp(this RuntimeSpec spec, SpecSeccomp? seccomp) =>
        OnLinux(spec, l => l with { Seccomp = seccomp });

    /// <summary>Leaves no path masked or read-only.</summary>
    /// <param name="spec">The spec.</param>
    public static RuntimeSpec WithoutGuardedPaths(this RuntimeSpec spec) =>
        OnLinux(spec, l => l with { MaskedPaths = null, ReadonlyPaths = null });

    /// <summary>Masks further paths, and makes others read-only.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="masked">Paths that can't be read.</param>
    /// <param name="readOnly">Paths that can't be written.</param>
    /// <exception cref="FormatException">One is not absolute.</exception>
    public static RuntimeSpec WithGuardedPaths(
        this RuntimeSpec spec,
        IReadOnlyList<string> masked,
        IReadOnlyList<string> readOnly)
    {
        string? relative = masked.Concat(readOnly).FirstOrDefault(p => !p.StartsWith('/'));
        return relative is null
            ? OnLinux(spec, l => l with
            {
                MaskedPaths = masked.Count == 0 ? l.MaskedPaths : [.. l.MaskedPaths ?? [], .. masked],
                ReadonlyPaths = readOnly.Count == 0 ? l.ReadonlyPaths : [.. l.ReadonlyPaths ?? [], .. readOnly],
            })
            : throw new FormatException($"guarded path \"{relative}\": not absolute");
    }

    /// <summary>Leaves some paths neither masked nor read-only.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="paths">The paths.</param>
    public static RuntimeSpec WithoutGuardOf(this RuntimeSpec spec, IReadOnlyList<string> paths) =>
        OnLinux(spec, l => l with
        {
            MaskedPaths = [.. (l.MaskedPaths ?? []).Except(paths)],
            ReadonlyPaths = [.. (l.ReadonlyPaths ?? []).Except(paths)],
        });

    /// <summary>Sets whether the process can gain no privilege by execve.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="value">Whether.</param>
    public static RuntimeSpec WithNoNewPrivileges(this RuntimeSpec spec, bool value) =>
        OnProcess(spec, p => p with { NoNewPrivileges = value ? true : null });

    /// <summary>Sets the AppArmor profile.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="profile">Its name; it is loaded.</param>
    public static RuntimeSpec WithApparmorProfile(this RuntimeSpec spec, string profile) =>
        OnProcess(spec, p => p with { ApparmorProfile = profile });

    /// <summary>Sets the SELinux label of the process.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="label">The label.</param>
    public static RuntimeSpec WithSelinuxLabel(this RuntimeSpec spec, string label) =>
        OnProcess(spec, p => p with { SelinuxLabel = label });

    /// <summary>Sets how likely the OOM killer takes the process.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="value">-1000 (never) to 1000.</param>
    /// <exception cref="FormatException">It is out of range.</exception>
    public static RuntimeSpec WithOomScoreAdj(this RuntimeSpec spec, int value) =>
        value is >= MinOomScoreAdj and <= MaxOomScoreAdj
            ? OnProcess(spec, p => p with { OomScoreAdj = value })
            : throw new FormatException($"oom score adjustment {value}: not {MinOomScoreAdj} to {MaxOomScoreAdj}");

    /// <summary>Sets resource limits, each in the place of one of the same type.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="limits">The limits.</param>
    public static RuntimeSpec WithRlimits(this RuntimeSpec spec, IReadOnlyList<SpecRlimit> limits) =>
        OnProcess(spec, p => p with
        {
            Rlimits =
            [
                .. (p.Rlimits ?? []).Where(old => !limits.Any(l => l.Type == old.Type)),
                .. limits.GroupBy(l => l.Type).Select(g => g.Last()),
            ],
        });

    /// <summary>Adds groups that the process belongs to.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="groups">Their ids.</param>
    public static RuntimeSpec WithAdditionalGroups(this RuntimeSpec spec, IReadOnlyList<uint> groups) =>
        groups.Count == 0
            ? spec
            : OnProcess(spec, p => p with
            {
                User = p.User with { AdditionalGids = [.. (p.User.AdditionalGids ?? []).Union(groups)] },
            });
}
