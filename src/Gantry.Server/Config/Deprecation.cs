namespace Gantry.Server.Config;

/// <summary>Something that works and should not be relied on any longer.</summary>
/// <param name="Id">Its name for programs.</param>
/// <param name="Message">What to do about it.</param>
public sealed record Deprecation(string Id, string Message);
