using Gantry.Core.Errors;

namespace Gantry.Core.Mounts;

/// <summary>
/// The part of activations that mounts. It keeps no records: which activation has which name, labels and lease is the
/// metadata's business. An id is a positive number that is never used twice.
/// </summary>
public interface IMountDriver
{
    /// <summary>Whether any of these mounts is to be made here.</summary>
    /// <param name="mounts">The mounts, in order.</param>
    /// <param name="temporary">All of them are.</param>
    bool Handles(IReadOnlyList<Mount> mounts, bool temporary);

    /// <summary>Makes those mounts that are to be made here. When it fails, nothing is left mounted.</summary>
    /// <param name="id">The new id.</param>
    /// <param name="mounts">The mounts, in order.</param>
    /// <param name="temporary">Make all of them, and return one bind mount of the last.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">InvalidArgument, NotImplemented.</exception>
    Task<ActivatedMounts> ActivateAsync(
        long id,
        IReadOnlyList<Mount> mounts,
        bool temporary,
        CancellationToken cancellationToken);

    /// <summary>Unmounts all of an activation; an id that has nothing is no error.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the attempt; it can be taken up again.</param>
    Task DeactivateAsync(long id, CancellationToken cancellationToken);

    /// <summary>Whether all mounts of an activation are still there: after a reboot none is.</summary>
    /// <param name="active">Its mounts.</param>
    bool IsWhole(IReadOnlyList<ActiveMount> active);

    /// <summary>The ids that have something on disk.</summary>
    IReadOnlyList<long> ListIds();
}
