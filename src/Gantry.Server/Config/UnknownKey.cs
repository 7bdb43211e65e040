namespace Gantry.Server.Config;

/// <summary>A key that nothing reads.</summary>
/// <param name="Node">The key.</param>
/// <param name="Known">The names that it could have been meant for.</param>
internal sealed record UnknownKey(ConfigNode Node, IReadOnlyCollection<string> Known);
