namespace Gantry.Server.Logging;

/// <summary>Where log records go.</summary>
public enum LogTarget
{
    /// <summary>Standard error, one line a record.</summary>
    StandardError = 0,

    /// <summary>systemd's journal, with the fields of a record apart.</summary>
    Journal,
}
