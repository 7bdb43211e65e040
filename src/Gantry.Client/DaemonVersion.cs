namespace Gantry.Client;

/// <summary>The version of a daemon.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Revision">The revision of the source that it was built from.</param>
public sealed record DaemonVersion(string Version, string Revision);
