using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>
/// The users and groups of a root filesystem, from its <c>/etc/passwd</c> and <c>/etc/group</c> (passwd(5), group(5)).
/// Lines that are malformed are passed over, as the C library does.
/// </summary>
public sealed class UserDatabase
{
    /// <summary>The greatest size of either file that is read, in bytes.</summary>
    public const int MaxFileBytes = 8 << 20;

    private readonly List<PasswdEntry> _users = [];
    private readonly List<GroupEntry> _groups = [];
    private readonly bool _hasPasswd;
    private readonly bool _hasGroup;

    /// <summary>Parses the two files.</summary>
    /// <param name="passwd">The text of <c>/etc/passwd</c>; null when there is none.</param>
    /// <param name="group">The text of <c>/etc/group</c>; null when there is none.</param>
    public UserDatabase(string? passwd, string? group)
    {
        _hasPasswd = passwd is not null;
        _hasGroup = group is not null;
        foreach (string[] fields in Lines(passwd, minimumFields: 4))
        {
            // name:password:uid:gid:comment:home:shell
            if (TryId(fields[2], out uint uid) && TryId(fields[3], out uint gid))
            {
                _users.Add(new PasswdEntry(fields[0], uid, gid));
            }
        }

        foreach (string[] fields in Lines(group, minimumFields: 3))
        {
            // name:password:gid:member,member
            if (TryId(fields[2], out uint gid))
            {
                string[] members = fields.Length > 3
                    ? fields[3].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    : [];
                _groups.Add(new GroupEntry(fields[0], gid, members));
            }
        }
    }

    /// <summary>
    /// Finds out who a process runs as. A numeric id need not be in the files; a name must. The further groups are the
    /// group itself and all that list the user.
    /// </summary>
    /// <param name="text"><c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c> and mixtures; empty: root.</param>
    /// <exception cref="FormatException">The text is malformed, or a name is not in the files.</exception>
    public SpecUser Resolve(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
        {
            return new SpecUser { Uid = 0, Gid = 0, AdditionalGids = Groups(0, "root") };
        }

        string[] parts = text.Split(':');
        if (parts.Length > 2 || parts.Any(p => p.Length == 0))
        {
            throw new FormatException($"user \"{text}\": invalid user, expected USER, UID, USER:GROUP or UID:GID");
        }

        PasswdEntry? user = FindUser(parts[0]);
        uint uid = user?.Uid ?? Id(parts[0], "user");
        uint gid = parts.Length == 2 ? FindGroup(parts[1]) : user?.Gid ?? 0;
        string? name = user?.Name ?? _users.FirstOrDefault(u => u.Uid == uid)?.Name;

        return new SpecUser { Uid = uid, Gid = gid, AdditionalGids = Groups(gid, name) };
    }

    /// <summary>The id of a group; a name must be in the file.</summary>
    /// <param name="text">Name or id.</param>
    /// <exception cref="FormatException">There is no such group.</exception>
    public uint ResolveGroup(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FindGroup(text);
    }

    private PasswdEntry? FindUser(string text)
    {
        if (TryId(text, out uint uid))
        {
            return _users.FirstOrDefault(u => u.Uid == uid);
        }

        return _users.FirstOrDefault(u => u.Name == text)
            ?? throw new FormatException(
                _hasPasswd ? $"user \"{text}\": no users found" : $"user \"{text}\": the image has no /etc/passwd");
    }

    private uint FindGroup(string text)
    {
        if (TryId(text, out uint gid))
        {
            return gid;
        }

        return _groups.FirstOrDefault(g => g.Name == text)?.Gid
            ?? throw new FormatException(
                _hasGroup ? $"group \"{text}\": no groups found" : $"group \"{text}\": the image has no /etc/group");
    }

    private List<uint> Groups(uint gid, string? userName)
    {
        List<uint> groups = [gid];
        foreach (GroupEntry group in _groups)
        {
            if (group.Name != userName && group.Members.Contains(userName) && !groups.Contains(group.Gid))
            {
                groups.Add(group.Gid);
            }
        }

        return groups;
    }

    private static uint Id(string text, string what) =>
        TryId(text, out uint id) ? id : throw new FormatException($"{what} \"{text}\": no id");

    private static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;

    private static IEnumerable<string[]> Lines(string? text, int minimumFields)
    {
        foreach (string line in (text ?? "").Split('\n'))
        {
            string trimmed = line.Trim();
            if (trimmed.Length == 0 || trimmed[0] is '#')
            {
                continue;
            }

            string[] fields = trimmed.Split(':');
            if (fields.Length >= minimumFields && fields[0].Length > 0)
            {
                yield return fields;
            }
        }
    }

    private sealed record PasswdEntry(string Name, uint Uid, uint Gid);

    private sealed record GroupEntry(string Name, uint Gid, string[] Members);
}
