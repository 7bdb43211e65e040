using Gantry.Core.Errors;

namespace Gantry.Core.Maintenance;

/// <summary>Looking after a daemon's data: what is damaged, what takes the space, and a copy of the metadata.</summary>
public interface IMaintenance
{
    /// <summary>Looks for damage and remains. It does not hold up the daemon's other work.</summary>
    /// <param name="options">How.</param>
    /// <param name="report">Gets each finding as it comes up.</param>
    /// <param name="cancellationToken">Ends the check; repairs done so far stay.</param>
    Task CheckAsync(CheckOptions options, Func<Finding, Task> report, CancellationToken cancellationToken);

    /// <summary>What takes the space of the root directory.</summary>
    /// <param name="cancellationToken">Ends the count.</param>
    Task<SpaceReport> UsageAsync(CancellationToken cancellationToken);

    /// <summary>Copies the metadata database, as it is at one moment, into a new file.</summary>
    /// <param name="path">An absolute path of a file that does not exist, in a directory that does.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing is left of it.</param>
    /// <returns>The size of the copy, in bytes.</returns>
    /// <exception cref="GantryException">InvalidArgument: the path won't do. AlreadyExists: it is there.</exception>
    Task<long> BackupAsync(string path, CancellationToken cancellationToken);
}
