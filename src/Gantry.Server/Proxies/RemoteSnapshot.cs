using Gantry.Core.Namespaces;

namespace Gantry.Server.Proxies;

/// <summary>A snapshot as a proxy knows it.</summary>
/// <param name="Namespace">The namespace that it was made in.</param>
/// <param name="Name">Its key, or name.</param>
internal readonly record struct RemoteSnapshot(Namespace Namespace, string Name)
{
    private const char Mark = '@';

    /// <summary>Reads what <see cref="ToString"/> has written; a text without a namespace is of older versions.</summary>
    public static RemoteSnapshot Parse(string text)
    {
        int end = text.StartsWith(Mark) ? text.IndexOf(Mark, 1) : -1;
        return end > 0 && Identifier.IsValid(text[1..end])
            ? new RemoteSnapshot(Namespace.Parse(text[1..end]), text[(end + 1)..])
            : new RemoteSnapshot(Namespace.Default, text);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Mark}{Namespace}{Mark}{Name}";
}
