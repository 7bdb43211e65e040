namespace Gantry.Server.Logging;

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    /// <summary><c>time="…" level=info msg="…" key=value</c>.</summary>
    Text = 0,

    /// <summary>One JSON object a line.</summary>
    Json,
}
