using System.Reflection;

namespace Gantry.Server;

/// <summary>Which build this is.</summary>
public static class BuildInfo
{
    private static readonly string Informational =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "0.0.0";

    /// <summary>The version, such as <c>0.1.0</c>.</summary>
    public static string Version { get; } = Informational.Split('+')[0];

    /// <summary>The commit it was built from; empty when it is not known.</summary>
    public static string Revision { get; } = Informational.Split('+') is [_, string revision] ? revision : "";
}
