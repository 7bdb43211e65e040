namespace Gantry.Core.Maintenance;

/// <summary>How a check is done.</summary>
/// <param name="Repair">Whether to repair what can be repaired safely.</param>
/// <param name="Quick">Whether to leave out what reads every byte.</param>
public sealed record CheckOptions(bool Repair = false, bool Quick = false);
