using Gantry.Core.Errors;

namespace Gantry.Core.Mounts;

/// <summary>
/// The mounts that are active in one namespace. Some mounts can't be handed to mount(2) as they are: a file that needs a
/// loop device, an option that names where an earlier mount has landed. Activating a list of mounts makes those, up to
/// the last that needs it, and tells what remains for the caller. An activation lives until it is deactivated, or until
/// neither a lease nor an object named by its labels keeps it.
/// </summary>
/// <example>
/// A writable disk in a file: <c>mkfs/loop</c> of the file, <c>format/ext4</c> of <c>{{ mount 0 }}</c>,
/// <c>format/mkdir/overlay</c> with <c>upperdir={{ mount 1 }}/upper</c>. The first two are made; the third is returned
/// with its options filled in.
/// </example>
public interface IActivationStore
{
    /// <summary>Makes mounts and gives them a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mounts">The mounts, in order.</param>
    /// <param name="labels">Labels.</param>
    /// <param name="temporary">
    /// Make all of them, and return one bind mount of the last: for a caller who wants to look into them for a moment.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt; nothing stays mounted.</param>
    /// <exception cref="GantryException">
    /// NotImplemented: none of the mounts needs to be made, mount them as they are; AlreadyExists; InvalidArgument: a
    /// mount is malformed.
    /// </exception>
    Task<Activation> ActivateAsync(
        string name,
        IReadOnlyList<Mount> mounts,
        IReadOnlyDictionary<string, string> labels,
        bool temporary,
        CancellationToken cancellationToken);

    /// <summary>Unmounts, in the opposite order. What is in use goes when its last user does.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task DeactivateAsync(string name, CancellationToken cancellationToken);

    /// <summary>One activation.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<Activation> InfoAsync(string name, CancellationToken cancellationToken);

    /// <summary>Changes labels; paths <c>labels</c> and <c>labels.KEY</c>; an empty mask replaces all labels.</summary>
    /// <exception cref="GantryException">NotFound; InvalidArgument for another path.</exception>
    Task<Activation> UpdateAsync(
        string name,
        IReadOnlyDictionary<string, string> labels,
        FieldMask mask,
        CancellationToken cancellationToken);

    /// <summary>All activations that match any of the filters, by name.</summary>
    Task<IReadOnlyList<Activation>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);
}
