namespace Gantry.Core.Maintenance;

/// <summary>How bad a <see cref="Finding"/> is.</summary>
public enum FindingSeverity
{
    /// <summary>Nothing is wrong: what was looked at, or something worth knowing.</summary>
    Info = 1,

    /// <summary>It takes space or will be in the way; no data is at risk.</summary>
    Warning = 2,

    /// <summary>Data is lost, or may be.</summary>
    Error = 3,
}
