namespace Gantry.Ttrpc;

/// <summary>How a <see cref="TtrpcClient"/> behaves.</summary>
public sealed record TtrpcClientOptions
{
    /// <summary>The clock that deadlines are measured with.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
