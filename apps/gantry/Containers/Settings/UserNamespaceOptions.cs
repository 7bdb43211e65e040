using System.CommandLine;
using System.Globalization;
using System.Text;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the user namespace of a container.</summary>
internal sealed class UserNamespaceOptions
{
    public Option<string[]> Uids { get; } = Repeated.Option(
        "--uidmap", "ids", "User ids of a user namespace, CONTAINER:HOST:LENGTH");

    public Option<string[]> Gids { get; } = Repeated.Option(
        "--gidmap", "ids", "Group ids of a user namespace, CONTAINER:HOST:LENGTH");

    public Option<string?> Remap { get; } = new("--userns-remap")
    {
        Description = "User namespace with the ids that /etc/subuid and /etc/subgid give to a user",
        HelpName = "user[:group]",
    };

    public Option<bool> RemapLabels { get; } = new("--remap-labels")
    {
        Description = "Have the snapshotter map owners, whatever it says that it can",
    };

    public void AddTo(Command command)
    {
        command.Add(Uids);
        command.Add(Gids);
        command.Add(Remap);
        command.Add(RemapLabels);
    }

    /// <summary>The ranges; null: no user namespace.</summary>
    /// <exception cref="FormatException">They are malformed, or the user has none.</exception>
    public UserNamespaceRanges? Ranges(ParseResult parse)
    {
        string[] uids = parse.GetValue(Uids)!;
        string[] gids = parse.GetValue(Gids)!;
        string? remap = parse.GetValue(Remap);
        if (remap is not null && uids.Length + gids.Length > 0)
        {
            throw new FormatException("--userns-remap and --uidmap or --gidmap can't be used together");
        }

        if (remap is null && uids.Length == 0 != (gids.Length == 0))
        {
            throw new FormatException("--uidmap and --gidmap need one another");
        }

        return remap is not null ? OfUser(remap)
            : uids.Length > 0 ? new UserNamespaceRanges(
                [.. uids.Select(IdRanges.Parse)], [.. gids.Select(IdRanges.Parse)])
            : null;
    }

    private static UserNamespaceRanges OfUser(string remap)
    {
        string[] parts = remap.Split(':');
        if (parts.Length > 2 || parts.Any(p => p.Length == 0))
        {
            throw new FormatException($"--userns-remap \"{remap}\": not USER or USER:GROUP");
        }

        UserDatabase users = new(Text("/etc/passwd"), Text("/etc/group"));
        SpecUser user = users.Resolve(parts[0]);
        string uid = user.Uid.ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<string> groups = parts.Length == 2
            ? [parts[1], users.ResolveGroup(parts[1]).ToString(CultureInfo.InvariantCulture)]
            : [parts[0], uid];
        return new UserNamespaceRanges(
            Subordinates("/etc/subuid", [parts[0], uid]), Subordinates("/etc/subgid", groups));
    }

    private static IReadOnlyList<SpecIdMapping> Subordinates(string file, IReadOnlyList<string> names)
    {
        IReadOnlyList<SpecIdMapping> ranges = IdRanges.OfSubordinates(Text(file), names);
        return ranges.Count > 0
            ? ranges
            : throw new FormatException($"{file}: no ids for \"{names[0]}\"");
    }

    private static string Text(string path) => Encoding.UTF8.GetString(SmallFile.Read("ids of users", path));
}
