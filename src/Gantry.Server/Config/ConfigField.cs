namespace Gantry.Server.Config;

/// <summary>A key in each table of a table of tables, such as <c>[proxy_plugins.NAME]</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it must be.</param>
/// <param name="Default">What holds without it; empty for nothing.</param>
/// <param name="Effect">What it does, in a sentence.</param>
internal sealed record ConfigField(string Name, string Type, string Default, string Effect);
