namespace Gantry.Distribution.Hosts;

/// <summary>One setting of a host, for people to read.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">What it says; values of headers are left out.</param>
/// <param name="Source">Where it says so: a file, with the line if it has lines.</param>
public sealed record HostSetting(string Key, string Value, string Source);
