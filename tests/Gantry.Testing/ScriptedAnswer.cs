namespace Gantry.Testing;

/// <summary>What a <see cref="ScriptedServer"/> answers.</summary>
/// <param name="Status">The status code.</param>
public sealed record ScriptedAnswer(int Status)
{
    /// <summary>The body.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Headers besides the length.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The length that the header tells; null for the true one.</summary>
    public long? SaidLength { get; init; }

    /// <summary>After how many bytes of the body it breaks off; null for never; -1 for in the middle of the headers.</summary>
    public int? BreakAfter { get; init; }

    /// <summary>Whether it breaks off with a reset of the connection, and not with its end.</summary>
    public bool Reset { get; init; }

    /// <summary>Whether it says nothing more after that, but keeps the connection.</summary>
    public bool Stall { get; init; }

    /// <summary>How many bytes it sends at a time; 0 for all.</summary>
    public int DripBytes { get; init; }

    /// <summary>How long it waits between two pieces.</summary>
    public TimeSpan DripDelay { get; init; }
}
