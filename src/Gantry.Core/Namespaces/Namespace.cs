using Gantry.Core.Errors;

namespace Gantry.Core.Namespaces;

/// <summary>The containerd namespace that a request works in: an identifier, see <see cref="Identifier"/>.</summary>
public readonly record struct Namespace
{
    private readonly string? _name;

    private Namespace(string name) => _name = name;

    /// <summary>The namespace that <c>ctr</c> and <c>gantry</c> use when told nothing else.</summary>
    public static Namespace Default { get; } = new("default");

    /// <summary>Checks a name and makes it a namespace.</summary>
    /// <param name="name">An identifier.</param>
    /// <exception cref="GantryException">InvalidArgument: it is no identifier.</exception>
    public static Namespace Parse(string name)
    {
        Identifier.Validate(name);
        return new Namespace(name);
    }

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? "";
}
