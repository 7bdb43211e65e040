namespace Gantry.Distribution;

/// <summary>Something that a registry wants its users to know (distribution-spec, Warnings).</summary>
/// <param name="Host">The registry.</param>
/// <param name="Text">What it says, on one line.</param>
public sealed record RegistryWarning(string Host, string Text);
